//! One exchange with a scanner.

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use palm::Opening;
use palm::reference::message::Request;
use serde_json::{Value, json};
use serialport::{ClearBuffer, SerialPort};

use crate::device::Device;
use crate::{Outcome, READ_LEN, quantile};

/// How often a command is exchanged.
const EXCHANGES: u16 = 2000;
/// After this a simulator has started.
const SETTLING: Duration = Duration::from_millis(200);

/// What one exchange is in bytes.
struct Exchange {
    driver: &'static str,
    /// What has to be said once before, if anything.
    greeting: Option<Vec<u8>>,
    /// The request, with an id where the protocol has one.
    request: fn(u16) -> Vec<u8>,
    /// Whether a reply is whole.
    is_whole: fn(&[u8]) -> bool,
}

/// Listing the references: the shortest command that a driver performs in one exchange.
pub fn exchange() -> Outcome<Vec<Value>> {
    let greeting = Request::Hello {
        lowest: 1,
        highest: 1,
    };
    let kinds = [
        Exchange {
            driver: "dfrobot-ai10",
            greeting: None,
            request: |_| vec![0xEF, 0xAA, 0x24, 0x00, 0x01, 0x00, 0x25],
            is_whole: |reply| {
                reply
                    .get(4)
                    .is_some_and(|length| reply.len() == usize::from(*length) + 6)
            },
        },
        Exchange {
            driver: "reference",
            greeting: Some(greeting.to_packet(1).to_frame()),
            request: |id| Request::List { after: 0 }.to_packet(id).to_frame(),
            // Nought stands before and behind a frame, and nowhere else.
            is_whole: |reply| reply.len() > 2 && reply.ends_with(&[0]),
        },
    ];
    kinds.iter().map(exchange_with).collect()
}

/// Two devices, one for the driver and one for the same bytes without it, in turns: so that whatever else the machine
/// does hits both.
fn exchange_with(exchange: &Exchange) -> Outcome<Value> {
    let driver = palm::driver(exchange.driver).ok_or("no such driver")?;
    let (device, twin) = (Device::start(driver.name)?, Device::start(driver.name)?);
    let mut scanner = (driver.open)(&Opening {
        port: device.port.clone(),
        baud: driver.baud,
        device_key: None,
    })?;
    // The first call brings the scanner to standby, or begins a session.
    scanner.list()?;
    let mut port = serialport::new(&twin.port, driver.baud)
        .timeout(Duration::from_secs(2))
        .open()?;
    // What it said when it started is no reply.
    std::thread::sleep(SETTLING);
    port.clear(ClearBuffer::Input)?;
    if let Some(greeting) = &exchange.greeting {
        ask(&mut port, greeting, exchange.is_whole)?;
    }
    let (mut bare, mut ours, mut bytes) = (Vec::new(), Vec::new(), 0);
    for id in 2..EXCHANGES {
        let request = (exchange.request)(id);
        let start = Instant::now();
        let reply_len = ask(&mut port, &request, exchange.is_whole)?;
        bare.push(start.elapsed().as_secs_f64() * 1e6);
        bytes = request.len() + reply_len;
        let start = Instant::now();
        black_box(scanner.list()?);
        ours.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(json!({
        "driver": driver.name,
        "bytes": bytes,
        // Ten bits a byte: one start bit, eight data bits, one stop bit.
        "line_us": bytes as f64 * 10e6 / f64::from(driver.baud),
        "bare_us": [quantile(&mut bare, 0.5), quantile(&mut bare, 0.99)],
        "driver_us": [quantile(&mut ours, 0.5), quantile(&mut ours, 0.99)],
    }))
}

/// Sends a request and waits for its reply; answers the length of that.
fn ask(port: &mut Box<dyn SerialPort>, request: &[u8], is_whole: fn(&[u8]) -> bool) -> Outcome<usize> {
    let (mut buffer, mut reply) = ([0; READ_LEN], Vec::new());
    port.write_all(request)?;
    while !is_whole(&reply) {
        let count = port.read(&mut buffer)?;
        reply.extend(&buffer[..count]);
    }
    Ok(reply.len())
}
