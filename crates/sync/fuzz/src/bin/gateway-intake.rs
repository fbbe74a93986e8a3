//! What the gateway reads of a frame before it trusts anybody: the signature and the content of a document, a certificate
//! request, a one-time code; and what a kiosk reads of a receipt. What is read is written again as the same bytes.
#![no_main]

use authority::{CertificateRequest, OneTimeCode};
use document::{content, identification, receipt, signature};
use libfuzzer_sys::fuzz_target;
use sync::wire::KioskFrame;
use verification::time::UtcMs;

fuzz_target!(|input: &[u8]| {
    if let Ok(evidence) = content::decode(input) {
        assert!(!format!("{evidence:?}").is_empty());
    }
    if let Ok(found) = receipt::decode(input) {
        assert_eq!(receipt::encode(&found), input);
    }
    if let Ok(found) = identification::decode(input) {
        assert_eq!(identification::encode(&found), input);
    }
    match KioskFrame::decode(input) {
        Ok(KioskFrame::Submit { document, .. }) => {
            let _ = signature::verify(&document.0, &[], UtcMs(1_790_000_000_000));
            if let Ok(verified) = signature::verify_unanchored(&document.0) {
                let _ = content::decode(verified.content.expose());
            }
        }
        Ok(KioskFrame::Renew { csr }) => {
            let _ = CertificateRequest::from_der(&csr.0);
        }
        Ok(KioskFrame::Enrol { code, csr, .. }) => {
            let _ = OneTimeCode::parse(&code.0);
            let _ = CertificateRequest::from_der(&csr.0);
        }
        Ok(KioskFrame::Hello { .. } | KioskFrame::ResultSeen { .. }) | Err(_) => {}
    }
});
