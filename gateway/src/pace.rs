//! How often an address may try something in a minute.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Of how many addresses it is remembered how often they tried.
const PACES_MAX: usize = 4096;

/// A pace for each address.
pub struct Paces {
    per_minute: u32,
    paces: Mutex<HashMap<IpAddr, Pace>>,
}

impl Paces {
    /// So many tries of one address in a minute.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            paces: Mutex::default(),
        }
    }

    /// Whether a try of this address is looked at.
    pub fn allows(&self, peer: IpAddr, now: Instant) -> bool {
        // The map is whole between any two statements.
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= PACES_MAX {
            paces.retain(|_, pace| !pace.is_full(now));
        }
        if paces.len() >= PACES_MAX {
            // Whoever has so many addresses is not held up by this anyway.
            paces.clear();
        }
        let pace = paces.entry(network(peer));
        pace.or_insert_with(|| Pace::new(self.per_minute)).allows(now)
    }
}

/// What one customer of a network has: an address, or in IPv6 the network of 64 bits.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// So many in a minute: a bucket that fills steadily and holds a minute's worth.
struct Pace {
    each: Duration,
    burst: u32,
    /// The moment at which the bucket was, or will be, empty.
    empty_at: Option<Instant>,
}

impl Pace {
    fn new(per_minute: u32) -> Self {
        let per_minute = per_minute.max(1);
        Self {
            each: Duration::from_secs(60) / per_minute,
            burst: per_minute,
            empty_at: None,
        }
    }

    /// Whether it is as one that nobody has used.
    fn is_full(&self, now: Instant) -> bool {
        self.empty_at.is_none_or(|empty_at| empty_at <= now)
    }

    fn allows(&mut self, now: Instant) -> bool {
        let full = self.each * self.burst;
        let empty_at = self.empty_at.unwrap_or(now).max(now);
        if empty_at.duration_since(now) + self.each > full {
            return false;
        }
        self.empty_at = Some(empty_at + self.each);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_one_customer_has() {
        let check = |peer: &str, expect: &str| {
            assert_eq!(network(peer.parse().unwrap()), expect.parse::<IpAddr>().unwrap());
        };
        check("10.0.0.1", "10.0.0.1");
        check("::ffff:10.0.0.1", "10.0.0.1");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    }

    #[test]
    fn a_minute_holds_so_many_and_no_more() {
        let start = Instant::now();
        let mut pace = Pace::new(3);
        let mut allowed = |at_s: u64| pace.allows(start + Duration::from_secs(at_s));
        let found: Vec<bool> = [0, 0, 0, 0, 19, 20, 20, 200, 200, 200, 200]
            .map(&mut allowed)
            .into();
        let expect = [
            true, true, true, false, false, true, false, true, true, true, false,
        ];
        assert_eq!(found, expect);
    }
}
