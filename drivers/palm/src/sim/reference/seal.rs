//! The chain of signed captures, from chapter 7 of the page.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

/// A key, and the newest link of the chain that it signed. Both outlive a loss of power.
pub(super) struct Seal {
    key: SigningKey,
    other_key: SigningKey,
    serial: [u8; 32],
    counter: u64,
    head: [u8; 32],
    last_challenge: [u8; 32],
}

/// What is wrong with a seal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flaws {
    pub bad_signature: bool,
    pub other_key: bool,
    pub stale_nonce: bool,
    pub broken_chain: bool,
    pub other_content: bool,
}

impl Seal {
    /// The same seed gives the same key.
    pub fn new(seed: u64, serial: [u8; 32]) -> Self {
        Self {
            key: key("Alaqan simulated palm scanner", seed),
            other_key: key("Another simulated palm scanner", seed),
            serial,
            counter: 0,
            head: [0; 32],
            last_challenge: [0; 32],
        }
    }

    /// SEC1 compressed.
    pub fn public_key(&self) -> Vec<u8> {
        public_key(&self.key)
    }

    /// Counter, key id and hash of the newest statement.
    pub fn head(&self) -> Vec<u8> {
        let counter = self.counter.to_le_bytes();
        [&counter[..], &key_id(&self.key), &self.head].concat()
    }

    /// Statement and signature of one more capture.
    pub fn sign(&mut self, challenge: &[u8; 32], report: &[u8], flaws: Flaws) -> Vec<u8> {
        self.counter += 1;
        let key = if flaws.other_key {
            &self.other_key
        } else {
            &self.key
        };
        let mut report = report.to_vec();
        if flaws.other_content {
            // The low byte of the volume: another hand.
            report[8] ^= 1;
        }
        let mut before = self.head;
        if flaws.broken_chain {
            before[0] ^= 1;
        }
        let nonce = if flaws.stale_nonce {
            &self.last_challenge
        } else {
            challenge
        };
        let statement = [
            b"ALAQAN-PALM-SEAL",
            &[1, 0x10][..],
            &self.serial,
            &key_id(key),
            &self.counter.to_le_bytes(),
            nonce,
            &report,
            &before,
        ]
        .concat();
        let signature: Signature = key.sign(&statement);
        let mut signature = signature.to_bytes().to_vec();
        if flaws.bad_signature {
            signature[40] ^= 1;
        }
        self.head = Sha256::digest(&statement).into();
        self.last_challenge = *challenge;
        [statement, signature].concat()
    }
}

fn key(purpose: &str, seed: u64) -> SigningKey {
    let mut secret = Sha256::digest(format!("{purpose} {seed}"));
    loop {
        // One in four thousand million hashes is no key.
        match SigningKey::from_bytes(&secret) {
            Ok(key) => return key,
            Err(_) => secret = Sha256::digest(secret),
        }
    }
}

fn public_key(key: &SigningKey) -> Vec<u8> {
    key.verifying_key().to_encoded_point(true).as_bytes().to_vec()
}

fn key_id(key: &SigningKey) -> [u8; 8] {
    let hash = Sha256::digest(public_key(key));
    std::array::from_fn(|index| hash[index])
}

#[cfg(test)]
impl Seal {
    /// With the key of the examples of the page.
    pub fn with_key(key: SigningKey, serial: [u8; 32]) -> Self {
        Self {
            key,
            ..Self::new(0, serial)
        }
    }
}
