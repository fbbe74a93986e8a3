//! What a person sees of the work.

use std::time::Instant;

use crate::error::XtaskError;

/// Says what is about to happen, does it, and says how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T, XtaskError>) -> Result<T, XtaskError> {
    println!("-> {what}");
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f32();
    match &result {
        Ok(_) => println!("   done in {seconds:.1} s"),
        Err(_) => println!("   failed after {seconds:.1} s"),
    }
    result
}

/// Says one thing about a step.
pub fn note(what: impl AsRef<str>) {
    println!("   {}", what.as_ref());
}
