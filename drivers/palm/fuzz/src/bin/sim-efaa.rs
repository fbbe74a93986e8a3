//! The simulated modules of the EF-AA family under any host; see [`palm_fuzz::device`].
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::sim::Protocol;

fuzz_target!(|input: &[u8]| palm_fuzz::device::play(
    &[Protocol::DfrobotAi10, Protocol::Xst, Protocol::DfrobotFp],
    input
));
