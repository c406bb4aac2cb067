//! Whether a text is an IP address or a range of them.

use std::net::IpAddr;

use super::super::at::At;
use super::super::cause::Causes;

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    address: IpAddr,
    prefix: u8,
}

impl Range {
    /// Reads `10.0.0.0/8`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// Whether `other` lies in this range and is smaller.
    pub(crate) fn strictly_contains(&self, other: &Self) -> bool {
        other.prefix > self.prefix && self.contains(other.address)
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                u32::from(own) & mask == u32::from(other) & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                u128::from(own) & mask == u128::from(other) & mask
            }
            _ => false,
        }
    }
}

/// The text must be an address.
pub(crate) fn ip(at: &At<'_>, causes: &mut Causes) {
    if at.text().parse::<IpAddr>().is_err() {
        causes.invalid(
            at,
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        );
    }
}

/// The text must be a range of addresses.
pub(crate) fn cidr(at: &At<'_>, causes: &mut Causes) -> Option<Range> {
    let range = Range::parse(at.text());
    if range.is_none() {
        causes.invalid(
            at,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        );
    }
    range
}
