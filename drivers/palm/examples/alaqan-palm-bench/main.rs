//! The measuring program of `cargo xtask bench palm`: prints one JSON object with all it measured, and judges nothing.
//!
//! With `simulate PROTOCOL` it is the other end instead, in a process of its own, so that its time is not counted:
//! it prints the port and goes on until its standard input is closed.

#[cfg(unix)]
mod codec;
#[cfg(unix)]
mod device;
#[cfg(unix)]
mod exchange;
#[cfg(unix)]
mod idle;

#[cfg(not(unix))]
fn main() {
    eprintln!("the measurements need pseudo-terminals, which this system does not have");
}

#[cfg(unix)]
fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, protocol] = arguments.as_slice()
        && verb == "simulate"
    {
        return device::simulate(protocol.parse()?);
    }
    let report = serde_json::json!({
        "codec": codec::codec(),
        "exchange": exchange::exchange()?,
        "idle": idle::idle()?,
    });
    println!("{report}");
    Ok(())
}

#[cfg(unix)]
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// As many bytes as the driver reads from a port at once.
#[cfg(unix)]
const READ_LEN: usize = 512;

/// A quantile by the nearest rank; nought without values.
#[cfg(unix)]
fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((part * last).round() as usize).copied().unwrap_or(0.0)
}
