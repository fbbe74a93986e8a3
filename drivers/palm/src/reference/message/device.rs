//! What a scanner tells of itself.

use super::super::fields::{Fields, MessageFault, Text};

/// What a scanner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What its maker calls it.
    pub model: Text,
    /// Version of its firmware.
    pub firmware: Text,
    /// Serial number.
    pub serial: Text,
    /// What it can do, a mask.
    pub capabilities: u16,
    /// How many references it can hold.
    pub capacity: u32,
    /// Public key, SEC1 compressed; zeros if it does not sign.
    pub key: [u8; 33],
}

/// How a scanner does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Another number after each start.
    pub boot: u32,
    /// Since it started, in s.
    pub uptime_s: u32,
    /// How many references are stored.
    pub stored: u32,
    /// What it does.
    pub state: u8,
    /// The gravest fault; 0 for none.
    pub fault: u8,
    /// The maker's own.
    pub detail: u16,
}

/// One entry of a self-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which part.
    pub part: u8,
    /// Whether it works.
    pub verdict: u8,
    /// The maker's own.
    pub detail: u16,
}

impl Identity {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, MessageFault> {
        Ok(Self {
            model: fields.text()?,
            firmware: fields.text()?,
            serial: fields.text()?,
            capabilities: fields.u16()?,
            capacity: fields.u32()?,
            key: fields.array()?,
        })
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        let mut payload = [self.model.0, self.firmware.0, self.serial.0].concat();
        payload.extend(self.capabilities.to_le_bytes());
        payload.extend(self.capacity.to_le_bytes());
        payload.extend(self.key);
        payload
    }
}

impl Status {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, MessageFault> {
        Ok(Self {
            boot: fields.u32()?,
            uptime_s: fields.u32()?,
            stored: fields.u32()?,
            state: fields.u8()?,
            fault: fields.u8()?,
            detail: fields.u16()?,
        })
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        let mut payload: Vec<u8> = [self.boot, self.uptime_s, self.stored]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        payload.extend([self.state, self.fault]);
        payload.extend(self.detail.to_le_bytes());
        payload
    }
}

impl Part {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, MessageFault> {
        Ok(Self {
            part: fields.u8()?,
            verdict: fields.u8()?,
            detail: fields.u16()?,
        })
    }

    pub(super) fn payload(self) -> [u8; 4] {
        let [low, high] = self.detail.to_le_bytes();
        [self.part, self.verdict, low, high]
    }
}
