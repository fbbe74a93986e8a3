//! Exit codes. A code keeps its meaning for ever: scripts are written against it.

use printer::PrintError;

/// Every code and what it means, in the order of the manual page.
pub const TABLE: &[(u8, &str)] = &[
    (0, "done: the printer is ready, or the slip is printed"),
    (1, "standard output was closed"),
    (2, "wrong arguments"),
    (3, "printer not found"),
    (4, "no permission to use the printer"),
    (5, "printer used by another program"),
    (6, "no answer, or what was sent was not taken"),
    (7, "an answer that is no use: another device, a wrong speed"),
    (8, "disconnected"),
    (9, "out of paper"),
    (10, "cover open"),
    (11, "anything else failed"),
];

/// The code of a failure.
pub fn code(error: &PrintError) -> u8 {
    match error {
        PrintError::NotFound(_) => 3,
        PrintError::NoPermission(_) => 4,
        PrintError::Busy(_) => 5,
        PrintError::Timeout(_) => 6,
        PrintError::Protocol(_) => 7,
        PrintError::Disconnected(_) => 8,
        PrintError::OutOfPaper => 9,
        PrintError::CoverOpen => 10,
        PrintError::Failed(_) => 11,
    }
}

/// The table as help shows it.
pub fn table() -> String {
    let lines = TABLE
        .iter()
        .map(|(code, meaning)| format!("  {code:<3} {meaning}\n"));
    format!("Exit codes:\n{}", lines.collect::<String>().trim_end())
}
