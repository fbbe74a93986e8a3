//! What must never show, neither in logs nor on the disk.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use tracing_subscriber::EnvFilter;

use crate::bank::{Bank, IIN, JPEG, Kiosk, PALM_STATEMENT, palm_evidence};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn files(folder: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into)
        } else {
            into.push(std::fs::read(path).unwrap())
        }
    }
}

#[test]
fn neither_logs_nor_files_show_a_person() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process, since the work is done on other threads; the other tests log into it as well.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("gateway=trace,sync=trace"))
        .with_writer(move || writer.clone())
        .init();
    let mut bank = Bank::new();
    let _simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let (id, signed) = papers.document(1, IIN);
    let mut damaged = signed.clone();
    let picture = signed.windows(4).position(|window| window == b"pict").unwrap();
    damaged[picture] ^= 1;
    kiosk.put((id, damaged));
    kiosk.refused(id);
    kiosk.put((id, signed));
    kiosk.identified(id);
    let (id, signed) = papers.sign(&palm_evidence("kiosk-1", 2, IIN));
    kiosk.put((id, signed));
    kiosk.identified(id);

    let mut places = vec![log.0.lock().unwrap().clone()];
    assert!(String::from_utf8_lossy(&places[0]).contains("a document was stored"));
    files(bank.folder.path(), &mut places);
    let image = base64::engine::general_purpose::STANDARD.encode(JPEG);
    let key = papers.read("kiosk.key");
    let secrets = [
        IIN.as_bytes(),
        &JPEG[4..JPEG.len() - 4],
        image.as_bytes(),
        PALM_STATEMENT,
        b"412.625",
    ];
    for place in &places {
        for secret in secrets {
            assert!(
                !place.windows(secret.len()).any(|window| window == secret),
                "{} bytes",
                place.len()
            );
        }
    }
    let key_line = &key[30..80];
    assert!(!places[0].windows(key_line.len()).any(|window| window == key_line));
}
