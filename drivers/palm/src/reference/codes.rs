//! Codes of the page in words, for technicians.

/// Names of faults and of parts of a self-test; the two tables agree in what they share, and number it differently.
const FAULTS: [&str; 12] = [
    "image sensor",
    "illumination",
    "surface thermometer",
    "ambient thermometer",
    "volume sensor",
    "liveness sensor",
    "store of references",
    "signing key",
    "too hot or too cold",
    "power",
    "housing open",
    "firmware",
];
const PARTS: [&str; 11] = [
    "image sensor",
    "illumination",
    "surface thermometer",
    "ambient thermometer",
    "volume sensor",
    "liveness sensor",
    "store of references",
    "signing key",
    "firmware",
    "power",
    "housing",
];

/// A fault, in words.
pub fn fault(code: u8) -> String {
    named(&FAULTS, code, "fault")
}

/// A part of a self-test, in words.
pub fn part(code: u8) -> String {
    named(&PARTS, code, "part")
}

fn named(names: &[&str], code: u8, what: &str) -> String {
    let name = code.checked_sub(1).and_then(|at| names.get(usize::from(at)));
    name.map_or_else(|| format!("{what} {code:02x}"), |name| (*name).to_owned())
}

/// Why a request was refused, in words.
pub fn refusal(code: u8, detail: u16) -> String {
    match code {
        1 => "it does not know this kind of request".to_owned(),
        2 => "the request is too short for it".to_owned(),
        3 => format!("it does not accept the value at offset {detail}"),
        4 => "it is busy".to_owned(),
        5 => "it has no session".to_owned(),
        6 => {
            let [lowest, highest] = detail.to_le_bytes();
            format!("it speaks versions {lowest} to {highest} of the protocol")
        }
        7 => "it has not this capability".to_owned(),
        _ => format!("code {code:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names() {
        let check = |found: String, expect: &str| assert_eq!(found, expect);
        check(fault(1), "image sensor");
        check(fault(0x0B), "housing open");
        check(fault(0x0C), "firmware");
        check(fault(0), "fault 00");
        check(fault(0x80), "fault 80");
        check(part(0x0B), "housing");
        check(part(0x0C), "part 0c");
        check(refusal(6, 0x0302), "it speaks versions 2 to 3 of the protocol");
        check(refusal(9, 0), "code 09");
    }
}
