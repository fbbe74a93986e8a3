//! The measuring program of `cargo xtask bench palm`: prints one JSON object with all it measured, and judges nothing.
//!
//! With `simulate PROTOCOL` it is the other end instead, in a process of its own, so that its time is not counted:
//! it prints the port and goes on until its standard input is closed.

#[cfg(not(unix))]
fn main() {
    eprintln!("the measurements need pseudo-terminals, which this system does not have");
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::hint::black_box;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Child, Command, Stdio};
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use palm::efaa::protocol::{Decoder, Frame};
    use palm::ports::PortChoice;
    use palm::reference::frame::{Decoder as PacketDecoder, Packet};
    use palm::reference::message::{Reply, Request};
    use palm::reference::report::Report as ReferenceReport;
    use palm::reference::seal::{Sealed, Statement};
    use palm::sim::{Protocol, SimSettings, Simulator};
    use palm::thermometer::{self, THERMOMETERS};
    use palm::watched::{Report, Setup, ThermometerSetup, Watched};
    use palm::{Driver, Opening};
    use rustix::time::{ClockId, clock_gettime};
    use serde_json::{Value, json};
    use serialport::{ClearBuffer, SerialPort};

    type Outcome<T> = Result<T, Box<dyn Error>>;

    /// So many bytes pass through a codec in each round.
    const STREAM_LEN: usize = 16 << 20;
    /// As many bytes as the driver reads from a port at once.
    const READ_LEN: usize = 512;
    /// Rounds of which the median counts.
    const ROUNDS: usize = 9;
    /// Exchanges of a command.
    const EXCHANGES: u16 = 2000;
    /// After this a simulator has started.
    const SETTLING: Duration = Duration::from_millis(200);
    /// How long an idle scanner is watched.
    const IDLE: Duration = Duration::from_secs(10);

    /// Goes over a stream once, and answers something that depends on all of it.
    type Pass = dyn Fn(&[u8]) -> usize;

    pub fn main() -> Outcome<()> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let [verb, protocol] = arguments.as_slice()
            && verb == "simulate"
        {
            return simulate(protocol.parse()?);
        }
        let report = json!({
            "codec": codec(),
            "exchange": exchange()?,
            "idle": idle()?,
        });
        println!("{report}");
        Ok(())
    }

    fn simulate(protocol: Protocol) -> Outcome<()> {
        let simulator = Simulator::start(SimSettings {
            protocol,
            enrolled: vec!["s-1".to_owned()],
            ..SimSettings::default()
        })?;
        println!("{}", simulator.port().display());
        std::io::stdin().read_to_end(&mut Vec::new())?;
        Ok(())
    }

    /// A simulator in a process of its own, until it is dropped.
    struct Device {
        process: Child,
        port: String,
    }

    impl Device {
        fn start(protocol: &str) -> Outcome<Self> {
            let mut process = Command::new(std::env::current_exe()?)
                .args(["simulate", protocol])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let mut port = String::new();
            let output = process.stdout.take().ok_or("the simulator has no output")?;
            BufReader::new(output).read_line(&mut port)?;
            let port = port.trim().to_owned();
            Ok(Self { process, port })
        }
    }

    impl Drop for Device {
        fn drop(&mut self) {
            drop(self.process.stdin.take());
            // It ends by itself now; how does not matter any more.
            let _ = self.process.wait();
        }
    }

    /// Megabytes a second of each codec, and of a copy and an XOR pass over the same bytes, in turns.
    fn codec() -> Value {
        let stream = efaa_stream();
        let mut passes: Vec<(&str, Box<Pass>)> = vec![
            ("copy (memcpy)", Box::new(copy)),
            ("XOR of all bytes", Box::new(xor)),
            ("EF-AA decode", Box::new(efaa_decode)),
        ];
        let frames = efaa_frames(&stream);
        passes.push((
            "EF-AA encode",
            Box::new(move |_| frames.iter().map(|frame| black_box(frame.encode()).len()).sum()),
        ));
        let packets = reference_packets();
        let wire: Vec<u8> = packets.iter().flat_map(Packet::to_frame).collect();
        let reference_len = wire.len();
        passes.push(("reference decode", Box::new(move |_| reference_decode(&wire))));
        passes.push((
            "reference encode",
            Box::new(move |_| {
                let lengths = packets.iter().map(|packet| black_box(packet.to_frame()).len());
                lengths.sum()
            }),
        ));
        let mut took = vec![Vec::new(); passes.len()];
        for _ in 0..ROUNDS {
            for ((_, pass), took) in passes.iter().zip(&mut took) {
                let start = Instant::now();
                black_box(pass(black_box(&stream)));
                took.push(start.elapsed().as_secs_f64());
            }
        }
        let row = |((name, _), took): (&(&str, Box<Pass>), &mut Vec<f64>)| {
            let length = if name.starts_with("reference") {
                reference_len
            } else {
                stream.len()
            };
            json!({ "name": name, "mb_per_s": length as f64 / median(took) / 1e6 })
        };
        passes.iter().zip(&mut took).map(row).collect()
    }

    /// What a module says in a verification, again and again: notes, then a reply of 38 bytes, now and then a full list.
    fn efaa_stream() -> Vec<u8> {
        let mut stream = Vec::with_capacity(STREAM_LEN + 1024);
        let mut at = 0_u8;
        while stream.len() < STREAM_LEN {
            at = at.wrapping_add(1);
            let note = [1, 128, 0, at, 0, 20, 0, 110, 0, 120, 0, 0, 0, 0, 0, 0, 0];
            for _ in 0..3 {
                stream.extend(Frame::new(1, note).encode());
            }
            let mut found = [at; 38];
            found[..2].copy_from_slice(&[0x12, 0]);
            stream.extend(Frame::new(0, found).encode());
            if at.is_multiple_of(16) {
                stream.extend(Frame::new(0, [at; 203]).encode());
            }
        }
        stream
    }

    fn efaa_frames(stream: &[u8]) -> Vec<Frame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for read in stream.chunks(READ_LEN) {
            decoder.push(read);
            frames.extend(std::iter::from_fn(|| decoder.next_frame()).flatten());
        }
        frames
    }

    fn efaa_decode(stream: &[u8]) -> usize {
        let mut decoder = Decoder::default();
        let mut frames = 0;
        for read in stream.chunks(READ_LEN) {
            decoder.push(read);
            while let Some(frame) = decoder.next_frame() {
                frames += usize::from(black_box(frame).is_ok());
            }
        }
        frames
    }

    /// What a scanner of the reference protocol says in a capture, again and again: where the hand is, then an answer
    /// with a seal.
    fn reference_packets() -> Vec<Packet> {
        let mut packets = Vec::new();
        let (mut length, mut id) = (0, 0_u16);
        while length < STREAM_LEN {
            id = id.wrapping_add(1);
            let progress = Reply::Progress { position: 1 };
            packets.extend((0..3).map(|_| progress.to_packet(id)));
            packets.push(
                Reply::Capture {
                    report: ReferenceReport([7; 18]),
                    seal: Some(Box::new(Sealed {
                        statement: Statement(std::array::from_fn(|at| at as u8)),
                        signature: [9; 64],
                    })),
                }
                .to_packet(id),
            );
            length += 300;
        }
        packets
    }

    fn reference_decode(wire: &[u8]) -> usize {
        let mut decoder = PacketDecoder::default();
        let mut packets = 0;
        for mut read in wire.chunks(READ_LEN) {
            while let Some(packet) = decoder.next_packet(&mut read) {
                packets += usize::from(black_box(packet).is_ok());
            }
        }
        packets
    }

    fn copy(stream: &[u8]) -> usize {
        let mut to = vec![0; READ_LEN];
        for read in stream.chunks(READ_LEN) {
            to[..read.len()].copy_from_slice(read);
            black_box(&mut to);
        }
        to.len()
    }

    fn xor(stream: &[u8]) -> usize {
        usize::from(stream.iter().fold(0, |sum, byte| sum ^ byte))
    }

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
    fn exchange() -> Outcome<Vec<Value>> {
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

    /// What a scanner costs that nobody uses: processor time and wake-ups of this process, which does nothing else.
    fn idle() -> Outcome<Vec<Value>> {
        let thermometer = THERMOMETERS.first().ok_or("no thermometer")?;
        let beside = Device::start(thermometer.name)?;
        let mut rows = Vec::new();
        for driver in palm::DRIVERS {
            let device = Device::start(driver.name)?;
            rows.push(idle_with(driver.name, driver, device.port.parse()?, None)?);
        }
        let driver = palm::DRIVERS.first().ok_or("no driver")?;
        let device = Device::start(driver.name)?;
        let with = Some(ThermometerSetup {
            choice: beside.port.parse()?,
            driver: thermometer::thermometer(thermometer.name).ok_or("no thermometer")?,
        });
        let name = format!("{} with {}", driver.name, thermometer.name);
        rows.push(idle_with(&name, driver, device.port.parse()?, with)?);
        rows.push(idle_with(
            "no scanner there",
            driver,
            "/dev/no-such-port".parse()?,
            None,
        )?);
        Ok(rows)
    }

    fn idle_with(
        name: &str,
        driver: &'static Driver,
        choice: PortChoice,
        thermometer: Option<ThermometerSetup>,
    ) -> Outcome<Value> {
        let (sender, reports) = mpsc::channel();
        let setup = Setup {
            choice,
            driver,
            baud: None,
            device_key: None,
            thermometer,
        };
        let watched = Watched::start(setup, move |report| {
            // The receiver outlives the measurement.
            let _ = sender.send(report);
        })?;
        let first = reports.recv_timeout(Duration::from_secs(10))?;
        let present = matches!(first, Report::Present(_));
        let (cpu, wakes, start) = (cpu_time()?, wake_ups()?, Instant::now());
        std::thread::sleep(IDLE);
        let (cpu, wakes, took) = (cpu_time()? - cpu, wake_ups()? - wakes, start.elapsed());
        drop(watched);
        Ok(json!({
            "name": name,
            "present": present,
            "seconds": took.as_secs_f64(),
            "cpu_ms": cpu.as_secs_f64() * 1e3,
            "cpu_percent": cpu.as_secs_f64() / took.as_secs_f64() * 100.0,
            "wakes_per_s": wakes as f64 / took.as_secs_f64(),
            "unasked_reports": reports.try_iter().count(),
        }))
    }

    fn cpu_time() -> Outcome<Duration> {
        Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
    }

    /// How often a thread of this process has given the processor away of its own will; nought where the system does
    /// not tell.
    fn wake_ups() -> Outcome<u64> {
        let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
            return Ok(0);
        };
        let mut sum = 0;
        for thread in threads {
            // A thread that has ended meanwhile counts no more.
            let status = std::fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
            let count = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            sum += count
                .and_then(|count| count.trim().parse::<u64>().ok())
                .unwrap_or(0);
        }
        Ok(sum)
    }

    fn median(values: &mut [f64]) -> f64 {
        quantile(values, 0.5)
    }

    /// A quantile by the nearest rank; nought without values.
    fn quantile(values: &mut [f64], part: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let last = values.len().saturating_sub(1) as f64;
        values.get((part * last).round() as usize).copied().unwrap_or(0.0)
    }
}
