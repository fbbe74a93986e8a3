//! The simulated thermometer under any host; see [`palm_fuzz::device`].
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::sim::Protocol;

fuzz_target!(|input: &[u8]| palm_fuzz::device::play(&[Protocol::Mcu90615], input));
