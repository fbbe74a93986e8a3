use std::collections::BTreeMap;

use super::settings::Presented;

/// One reference of a device.
#[derive(Clone)]
pub(super) struct User {
    pub name: Vec<u8>,
    pub admin: u8,
}

impl User {
    /// The name in a field of 32 bytes, which need not end with a zero.
    pub fn padded_name(&self) -> [u8; 32] {
        let mut field = [0; 32];
        for (to, from) in field.iter_mut().zip(&self.name) {
            *to = *from;
        }
        field
    }
}

/// Whose hand is before the sensor, as the device finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Nobody,
    Stranger,
    User(u32),
}

/// The references of a device, and the hand before it.
pub(super) struct Store {
    users: BTreeMap<u32, User>,
    last: Option<u32>,
    presented: Presented,
}

impl Store {
    pub fn new(enrolled: &[String], first: u32, presented: Presented) -> Self {
        let mut store = Self {
            users: BTreeMap::new(),
            last: None,
            presented,
        };
        for (id, tag) in (first..).zip(enrolled) {
            let name = tag.as_bytes().to_vec();
            store.insert(id, User { name, admin: 0 });
        }
        store
    }

    pub fn present(&mut self, presented: Presented) {
        self.presented = presented;
    }

    /// Whose hand is there to be found.
    pub fn seen(&self) -> Seen {
        let found = match &self.presented {
            Presented::Nobody => return Seen::Nobody,
            Presented::Stranger => None,
            Presented::LastEnrolled => self.last,
            Presented::Tag(tag) => self
                .users
                .iter()
                .find(|(_, user)| user.name == tag.as_bytes())
                .map(|(id, _)| *id),
        };
        found.map_or(Seen::Stranger, Seen::User)
    }

    /// Whose hand is there to be enrolled: a new one each time, unless somebody has said whose it is.
    pub fn seen_newly(&self) -> Seen {
        match self.presented {
            Presented::LastEnrolled => Seen::Stranger,
            _ => self.seen(),
        }
    }

    pub fn insert(&mut self, id: u32, user: User) {
        self.users.insert(id, user);
        self.last = Some(id);
    }

    /// Whether it was there.
    pub fn remove(&mut self, id: u32) -> bool {
        let removed = self.users.remove(&id).is_some();
        if self.last == Some(id) {
            self.last = self.users.keys().next_back().copied();
        }
        removed
    }

    pub fn get(&self, id: u32) -> Option<&User> {
        self.users.get(&id)
    }

    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.users.keys().copied()
    }

    pub fn users(&self) -> impl Iterator<Item = (u32, &User)> {
        self.users.iter().map(|(id, user)| (*id, user))
    }

    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// For people.
    pub fn listing(&self) -> Vec<(u32, String)> {
        let text = |user: &User| String::from_utf8_lossy(&user.name).into_owned();
        self.users.iter().map(|(id, user)| (*id, text(user))).collect()
    }
}
