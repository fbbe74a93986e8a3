//! Listens on the way to a TPM emulator, as a probe on the bus of a mainboard does.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use super::swtpm::{Swtpm, free_listeners};

/// Everything that was said in both directions.
pub struct Tap {
    heard: Arc<Mutex<Vec<u8>>>,
    port: u16,
}

impl Tap {
    /// Stands between this emulator and whoever uses [`Self::tcti`].
    pub fn on(tpm: &Swtpm) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (commands, control) = free_listeners();
        let port = commands.local_addr().unwrap().port();
        for (listener, to) in [(commands, tpm.address().1), (control, tpm.address().1 + 1)] {
            let heard = Arc::clone(&heard);
            // It ends with the test program.
            std::thread::spawn(move || {
                for here in listener.incoming() {
                    let here = here.unwrap();
                    let there = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).unwrap();
                    carry(here.try_clone().unwrap(), there.try_clone().unwrap(), &heard);
                    carry(there, here, &heard);
                }
            });
        }
        Self { heard, port }
    }

    /// The way through the tap.
    pub fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    /// Whether these bytes went through.
    pub fn heard(&self, bytes: &[u8]) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.windows(bytes.len()).any(|window| window == bytes)
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, heard: &Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            heard.lock().unwrap().extend(&buffer[..length]);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
    });
}
