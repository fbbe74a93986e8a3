//! When to open, ask, listen and perform: no clock, no port, no thread.

use verification::capture::DeviceFault;

use super::{Order, Report};

/// The answer to an order that cannot be performed.
pub fn refusal(order: &Order, fault: DeviceFault) -> Option<Report> {
    match order {
        Order::Verify(_) => Some(Report::Scanned(Err(fault))),
        Order::Enrol { .. } => Some(Report::Enrolled(Err(fault))),
        Order::Delete(reference) => Some(Report::Deleted {
            reference: *reference,
            result: Err(fault),
        }),
        Order::List => Some(Report::Listed(Err(fault))),
        Order::Cancel => None,
    }
}
