//! How long a place takes for each of its answers, in milliseconds.
//!
//! `cargo run --release -p keys --example latency -- tpm device:/dev/tpmrm0 /tmp/keys` (or `system NAME`, `file FOLDER`).
//! It makes keys of its own there and forgets them again.

use std::time::{Duration, Instant};

use keys::{KeyChoice, KeyStore};
use verification::Sensitive;

const NAME: &str = "latency";
const ROUNDS: u32 = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let choice = match arguments[..] {
        ["tpm", tcti, folder] => KeyChoice::Tpm {
            tcti: tcti.into(),
            folder: folder.into(),
        },
        ["system", service] => KeyChoice::System {
            service: service.into(),
        },
        ["file", folder] => KeyChoice::File {
            folder: folder.into(),
        },
        _ => return Err("latency tpm TCTI FOLDER | system NAME | file FOLDER".into()),
    };
    let keys = keys::open(&choice)?;
    let measured = measure(&*keys);
    keys.forget(NAME)?;
    measured
}

fn measure(keys: &dyn KeyStore) -> Result<(), Box<dyn std::error::Error>> {
    let mut steps = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        let mut step = |name: &'static str, since: Instant| round.push((name, since.elapsed()));

        let since = Instant::now();
        keys.keep_secret(NAME, &Sensitive::new([7; 32]))?;
        step("keep a secret", since);
        let since = Instant::now();
        keys.secret(NAME)?;
        step("give a secret", since);
        keys.forget(NAME)?;

        let since = Instant::now();
        keys.make_device_key(NAME)?;
        step("make a device key", since);
        let since = Instant::now();
        let key = keys.device_key(NAME)?.ok_or("the key is gone")?;
        step("give a device key", since);
        let since = Instant::now();
        key.sign(b"document")?;
        step("sign", since);
        keys.forget(NAME)?;
        steps.push(round);
    }
    println!("{}, {ROUNDS} rounds: median and slowest", keys.place());
    for at in 0..steps[0].len() {
        let mut times: Vec<Duration> = steps.iter().map(|round| round[at].1).collect();
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{:20} {:8.1} {:8.1} ms",
            steps[0][at].0,
            ms(times[times.len() / 2]),
            ms(times[times.len() - 1])
        );
    }
    Ok(())
}
