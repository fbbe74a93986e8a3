//! Frames of the reference protocol, from chapter 3 of its page. Stuffing and check are written out here, and not
//! taken from the libraries that the driver has, so that the two sides stand on different ground.

/// Longest run of bytes between two delimiters that can be a frame.
pub(super) const ENCODED_MAX: usize = 515;
const PACKET_MIN: usize = 8;
const PACKET_MAX: usize = 512;

/// Delimiter, stuffed packet with its check, delimiter.
pub(super) fn encode(packet: &[u8], spoil_check: bool) -> Vec<u8> {
    let check = crc32c(packet) ^ (u32::from(spoil_check) * 0x5A);
    let packet = [packet, &check.to_le_bytes()].concat();
    let mut frame = vec![0];
    let mut group = Vec::new();
    for byte in packet {
        if byte != 0 {
            group.push(byte);
        }
        if byte == 0 || group.len() == 254 {
            frame.push(group.len() as u8 + 1);
            frame.append(&mut group);
        }
    }
    frame.push(group.len() as u8 + 1);
    frame.append(&mut group);
    frame.push(0);
    frame
}

/// The packet without its check, from what stood between two delimiters.
pub(super) fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut packet = Vec::new();
    let mut rest = encoded;
    while let Some((code, after)) = rest.split_first() {
        let group = after.get(..usize::from(*code).checked_sub(1)?)?;
        packet.extend(group);
        rest = after.get(group.len()..)?;
        if *code != 0xFF && !rest.is_empty() {
            packet.push(0);
        }
    }
    if !(PACKET_MIN..=PACKET_MAX).contains(&packet.len()) {
        return None;
    }
    let check = packet.split_off(packet.len() - 4);
    (check == crc32c(&packet).to_le_bytes()).then_some(packet)
}

/// CRC-32/ISCSI, bit by bit; reflected, so its polynomial 1EDC6F41 is read backwards.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0x82F6_3B78 * (sum & 1));
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_is_the_catalogued_one() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_full_group_may_or_may_not_be_followed_by_an_empty_one() {
        let packet = [7; 250];
        let check = crc32c(&packet).to_le_bytes();
        assert!(!check.contains(&0));
        let short = [&[0xFF][..], &packet, &check].concat();
        let long = [short.as_slice(), &[1]].concat();
        assert_eq!(decode(&short), Some(packet.to_vec()));
        assert_eq!(decode(&long), Some(packet.to_vec()));
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_in(packet in prop::collection::vec(prop_oneof![Just(0), any::<u8>()], 4..509)) {
            let frame = encode(&packet, false);
            let inner = &frame[1..frame.len() - 1];
            prop_assert!(!inner.contains(&0) && inner.len() <= ENCODED_MAX);
            prop_assert_eq!(decode(inner), Some(packet));
        }

        #[test]
        fn survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            decode(&bytes);
        }

        #[test]
        fn a_spoilt_check_is_noticed(packet in prop::collection::vec(any::<u8>(), 4..99)) {
            let frame = encode(&packet, true);
            prop_assert_eq!(decode(&frame[1..frame.len() - 1]), None);
        }
    }
}
