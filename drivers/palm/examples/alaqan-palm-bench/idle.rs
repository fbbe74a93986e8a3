//! A scanner that nobody uses.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use palm::Driver;
use palm::ports::PortChoice;
use palm::thermometer::{self, THERMOMETERS};
use palm::watched::{Report, Setup, ThermometerSetup, Watched};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::Outcome;
use crate::device::Device;

/// How long it is watched.
const IDLE: Duration = Duration::from_secs(10);

/// What a scanner costs that nobody uses: processor time and wake-ups of this process, which does nothing else.
pub fn idle() -> Outcome<Vec<Value>> {
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
