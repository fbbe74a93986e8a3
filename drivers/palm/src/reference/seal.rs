//! The seal of a capture: what the scanner signed, and whether it is right.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use verification::palm::{CaptureSeal, SealFault, SealState};

use super::fields::Text;
use super::message::{VERSION, kind};
use super::report::Report;

/// What every statement begins with, so that no signature of another purpose is one of a capture.
const DOMAIN: &[u8; 16] = b"ALAQAN-PALM-SEAL";
/// Bytes of a statement.
const STATEMENT_LEN: usize = 148;

/// The signed bytes of one capture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Statement(pub [u8; STATEMENT_LEN]);

/// It holds the readings of a hand.
impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Statement")
    }
}

/// A statement and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What was signed.
    pub statement: Statement,
    /// ECDSA P-256 with SHA-256, r and s.
    pub signature: [u8; 64],
}

/// The fields of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Serial number of the scanner.
    pub serial: Text,
    /// The first bytes of the hash of its key.
    pub key_id: [u8; 8],
    /// The how-manieth capture it is.
    pub counter: u64,
    /// What the host had drawn.
    pub challenge: [u8; 32],
    /// What was captured.
    pub report: Report,
    /// SHA-256 of the statement before.
    pub previous: [u8; 32],
}

impl Content {
    /// The bytes to sign.
    pub fn to_statement(&self) -> Statement {
        let mut bytes = [0; STATEMENT_LEN];
        let counter = self.counter.to_le_bytes();
        let parts: [&[u8]; 8] = [
            DOMAIN,
            &[VERSION, kind::CAPTURE],
            &self.serial.0,
            &self.key_id,
            &counter,
            &self.challenge,
            &self.report.0,
            &self.previous,
        ];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        Statement(bytes)
    }
}

impl Statement {
    /// Its fields; `None` if it is no statement of a capture in this version.
    pub fn content(&self) -> Option<Content> {
        let mut fields = super::fields::Fields(&self.0);
        let known = fields.array().ok()? == *DOMAIN && fields.array().ok()? == [VERSION, kind::CAPTURE];
        known.then_some(())?;
        Some(Content {
            serial: fields.text().ok()?,
            key_id: fields.array().ok()?,
            counter: fields.u64().ok()?,
            challenge: fields.array().ok()?,
            report: Report(fields.array().ok()?),
            previous: fields.array().ok()?,
        })
    }

    /// SHA-256 of all of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// The first bytes of the hash of a public key.
pub fn key_id(key: &[u8; 33]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(key));
    [a, b, c, d, e, f, g, h]
}

/// The newest link of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many captures were signed.
    pub counter: u64,
    /// SHA-256 of the newest statement, zeros before the first.
    pub hash: [u8; 32],
}

/// What the host knows of the chain of one scanner.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    newest: Option<Head>,
    /// The scanner may have signed something since, which nobody has seen.
    stale: bool,
    /// It went backwards once. That is not forgotten.
    broken: bool,
}

impl Chain {
    /// Whether the scanner has to be asked for its head before the next capture.
    pub fn must_ask(&self) -> bool {
        self.stale || self.newest.is_none()
    }

    /// Another capture may have been signed than those that were seen.
    pub fn lose_sight(&mut self) {
        self.stale = true;
    }

    /// Whether the chain ever went backwards.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Takes the head that the scanner names. Answers how many captures were signed that nobody here has seen.
    pub fn resume(&mut self, head: Head) -> u64 {
        let known = self.newest.unwrap_or(head);
        self.stale = false;
        self.newest = Some(head);
        let unseen = head.counter.checked_sub(known.counter);
        self.broken |= unseen.is_none() || (unseen == Some(0) && known.hash != head.hash);
        unseen.unwrap_or(0)
    }

    /// Takes a statement whose signature is right. Answers whether it is the next one.
    fn follow(&mut self, content: &Content, statement: &Statement) -> bool {
        let follows = self.newest.is_some_and(|newest| {
            newest.counter.checked_add(1) == Some(content.counter) && newest.hash == content.previous
        });
        self.broken |= self
            .newest
            .is_some_and(|newest| content.counter <= newest.counter);
        self.newest = Some(Head {
            counter: content.counter,
            hash: statement.hash(),
        });
        follows && !self.broken
    }
}

/// What a seal has to fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The key that the scanner names.
    pub key: &'a [u8; 33],
    /// The only key with which it may sign, if one is configured.
    pub pinned: Option<&'a [u8]>,
    /// The serial number that the scanner names.
    pub serial: &'a Text,
    /// What was drawn for this capture.
    pub challenge: &'a [u8; 32],
    /// What was reported beside the seal.
    pub report: &'a Report,
}

/// Checks a seal and moves the chain on.
pub fn check(seal: Option<&Sealed>, expected: &Expected<'_>, chain: &mut Chain) -> SealState {
    match checked(seal, expected, chain) {
        Ok(seal) => SealState::Valid(seal),
        Err(fault) => {
            // Whatever the scanner has signed, it was not this: its head is no longer known.
            chain.lose_sight();
            SealState::Invalid(fault)
        }
    }
}

fn checked(
    seal: Option<&Sealed>,
    expected: &Expected<'_>,
    chain: &mut Chain,
) -> Result<CaptureSeal, SealFault> {
    let seal = seal.ok_or(SealFault::Missing)?;
    if expected.pinned.is_some_and(|pinned| pinned != expected.key) {
        return Err(SealFault::Key);
    }
    let key = VerifyingKey::from_sec1_bytes(expected.key).map_err(|_| SealFault::Key)?;
    let content = seal.statement.content();
    if content
        .as_ref()
        .is_some_and(|content| content.key_id != key_id(expected.key))
    {
        return Err(SealFault::Key);
    }
    let signature = Signature::from_slice(&seal.signature).map_err(|_| SealFault::Signature)?;
    key.verify(&seal.statement.0, &signature)
        .map_err(|_| SealFault::Signature)?;
    let content = content.ok_or(SealFault::Content)?;
    if content.challenge != *expected.challenge {
        return Err(SealFault::Challenge);
    }
    if content.serial != *expected.serial || content.report != *expected.report {
        return Err(SealFault::Content);
    }
    // What answers another order says nothing about where the chain stands, so only this one moves it.
    if !chain.follow(&content, &seal.statement) {
        return Err(SealFault::Chain);
    }
    Ok(CaptureSeal {
        statement: seal.statement.0.to_vec(),
        signature: seal.signature.to_vec(),
        key: expected.key.to_vec(),
    })
}

#[cfg(test)]
mod tests;
