//! How much and how long: `days(7)`, `200 * GIB`, `millicores(250)`.

use std::fmt;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// 1024 bytes.
pub const KIB: u64 = 1 << 10;
/// 1024 KiB.
pub const MIB: u64 = 1 << 20;
/// 1024 MiB.
pub const GIB: u64 = 1 << 30;
/// 1024 GiB.
pub const TIB: u64 = 1 << 40;

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(u32);

/// Thousandths of a processor core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millicores(u32);

/// So many days.
pub const fn days(days: u32) -> Days {
    Days(days)
}

/// So many thousandths of a processor core.
pub const fn millicores(millicores: u32) -> Millicores {
    Millicores(millicores)
}

impl Days {
    /// How many.
    pub const fn count(self) -> u32 {
        self.0
    }

    /// The same in hours.
    pub const fn hours(self) -> u64 {
        self.0 as u64 * 24
    }
}

impl fmt::Display for Days {
    /// As Prometheus writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl From<Millicores> for Quantity {
    /// In the form that a server keeps.
    fn from(Millicores(thousandths): Millicores) -> Self {
        Quantity(if thousandths.is_multiple_of(1000) {
            (thousandths / 1000).to_string()
        } else {
            format!("{thousandths}m")
        })
    }
}

/// Bytes with the largest binary unit that leaves no fraction: the form that a server keeps.
pub fn bytes(bytes: u64) -> Quantity {
    let (number, unit) = in_units(bytes);
    Quantity(format!("{number}{unit}"))
}

/// Bytes in the largest binary unit that leaves no fraction.
fn in_units(bytes: u64) -> (u64, &'static str) {
    [(TIB, "Ti"), (GIB, "Gi"), (MIB, "Mi"), (KIB, "Ki")]
        .into_iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit))
        .map_or((bytes, ""), |(unit, name)| (bytes / unit, name))
}

/// Bytes as the Go runtime reads them in `GOMEMLIMIT`.
pub(crate) fn go_bytes(bytes: u64) -> String {
    let (number, unit) = in_units(bytes);
    if unit.is_empty() {
        format!("{number}")
    } else {
        format!("{number}{unit}B")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_a_server_keeps_them() {
        for (amount, text) in [
            (0, "0"),
            (1000, "1000"),
            (1536 * MIB, "1536Mi"),
            (2 * GIB, "2Gi"),
            (1024 * GIB, "1Ti"),
        ] {
            assert_eq!(bytes(amount).0, text);
        }
        for (cores, text) in [(250, "250m"), (1000, "1"), (1500, "1500m")] {
            assert_eq!(Quantity::from(millicores(cores)).0, text);
        }
        assert_eq!(go_bytes(400 * MIB), "400MiB");
        assert_eq!(days(30).to_string(), "30d");
    }
}
