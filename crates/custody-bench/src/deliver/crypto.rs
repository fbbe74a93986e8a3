//! What the signatures of a document cost, each on one core: the part of the gateway's work that JetStream does not have.

use std::time::Instant;

use document::signature::{Signer, anchors_from_pem, verify};
use sync::{ClientKey, PemKey};
use verification::Sensitive;

use crate::bank::Papers;
use crate::error::BenchError;
use crate::paper::{Scribe, now};
use crate::report::{Table, number};
use crate::stats::Spread;

/// How often each is done.
const TIMES: usize = 300;

/// Measures with the papers of a kiosk.
pub(super) fn table(papers: &Papers, bytes: usize) -> Result<Table, BenchError> {
    let peer = |error: &dyn std::fmt::Display| BenchError::Peer(error.to_string());
    let mut scribe = Scribe::new(papers, 4)?;
    let (_, signed) = scribe.write(bytes)?;
    let anchors = anchors_from_pem(papers.authority.as_bytes()).map_err(|error| peer(&error))?;
    let key = PemKey::new(&Sensitive::new(papers.key.clone().into_bytes())).map_err(|error| peer(&error))?;
    let point = key.public_key();
    let signature = scribe.signer().sign(&signed).map_err(|error| peer(&error))?;
    let provider = rustls::crypto::ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let ecdsa = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == rustls::SignatureScheme::ECDSA_NISTP256_SHA256)
        .and_then(|(_, found)| found.first())
        .ok_or_else(|| peer(&"ring has no ECDSA"))?;
    let mut table = Table::new(&["on one core", "p50 us", "p99 us"]);
    let mut row = |name: &str, work: &mut dyn FnMut() -> Result<(), BenchError>| {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            work()?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        let spread = Spread::of(&times);
        table.push(vec![name.to_owned(), number(spread.p50), number(spread.p99)]);
        Ok::<_, BenchError>(())
    };
    row("a document is made and signed", &mut || {
        scribe.write(bytes).map(|_| ())
    })?;
    row("a signed document is verified, with its certificate", &mut || {
        verify(&signed, &anchors, now())
            .map(|_| ())
            .map_err(|error| peer(&error))
    })?;
    row(
        "for comparison: one ECDSA signature verified by `ring`",
        &mut || {
            let verified = ecdsa.verify_signature(&point, &signed, &signature);
            verified.map_err(|_| peer(&"ring does not take the signature"))
        },
    )?;
    row("for comparison: one ECDSA signature made by `ring`", &mut || {
        key.sign(&signed).map(|_| ()).map_err(|error| peer(&error))
    })?;
    Ok(table)
}
