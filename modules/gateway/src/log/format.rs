//! How do a segment and a record look on disk?
//!
//! ```text
//! segment  {base:016x}-{salt:016x}.segment
//!   0  magic "OTELSEG\n"   8  version u32   12 crc u32   16 base u64   24 salt u64    32…64 zero
//!  64  record, record, …, eight zero bytes
//! record   at a multiple of eight, all numbers little-endian
//!   0  magic u32           4  crc u32 of what follows in the header
//!   8  sequence u64       16  stored length u32   20 length u32   24 items u32
//!  28  kind u8, signal u8, codec u8, zero u8      32 crc u32 of the body        36 arrived u32
//!  40  body
//! ```
//!
//! The salt is new with each life of a file and both checksums start from it: what an earlier life left behind, and
//! what a sender put into a body to look like a record, is none. The name says the same as the header, so a header
//! that cannot be read costs nothing.
//!
//! When it arrived is in milliseconds since 1970 modulo 2^32, which is told apart for seven weeks; zero is not known, as
//! in what programs wrote before there was this.

use std::{
    hash::{BuildHasher, Hasher as _, RandomState},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use collector_config::Signal;
use crc32fast::Hasher;

use super::Position;
use crate::Chunks;

/// Which version of the format this program writes.
pub(crate) const VERSION: u32 = 1;
/// How many bytes come before the first record.
pub(crate) const SEGMENT_HEADER: u64 = 64;
/// How many bytes come before the body of a record.
pub(crate) const RECORD_HEADER: u64 = 40;
/// What follows the last record of a segment, if there is room.
pub(crate) const TERMINATOR: [u8; 8] = [0; 8];

const SEGMENT_MAGIC: [u8; 8] = *b"OTELSEG\n";
pub(crate) const RECORD_MAGIC: [u8; 4] = [0xA7, b'O', b'R', 0x1C];

/// One life of a segment's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Life {
    /// The least sequence that it can hold.
    pub(crate) base: u64,
    /// What its checksums start from.
    pub(crate) salt: u64,
}

/// What the header of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    /// It is ours and of this life.
    Ours,
    /// It says nothing that could be read, or speaks of another life: the name is believed.
    Unreadable,
    /// A later version of this program has written it.
    Later(u32),
}

impl Life {
    pub(crate) fn file_name(self) -> String {
        format!("{:016x}-{:016x}.segment", self.base, self.salt)
    }

    pub(crate) fn of_file_name(name: &str) -> Option<Self> {
        let (base, salt) = name.strip_suffix(".segment")?.split_once('-')?;
        let number = |text: &str| {
            (text.len() == 16)
                .then(|| u64::from_str_radix(text, 16).ok())
                .flatten()
        };
        Some(Self {
            base: number(base)?,
            salt: number(salt)?,
        })
    }

    pub(crate) fn header(self) -> [u8; SEGMENT_HEADER as usize] {
        let mut header = [0; SEGMENT_HEADER as usize];
        header[..8].copy_from_slice(&SEGMENT_MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[16..24].copy_from_slice(&self.base.to_le_bytes());
        header[24..32].copy_from_slice(&self.salt.to_le_bytes());
        let crc = crc32fast::hash(&header[16..]) ^ VERSION;
        header[12..16].copy_from_slice(&crc.to_le_bytes());
        header
    }

    pub(crate) fn heading(self, header: &[u8]) -> Heading {
        if header.len() < SEGMENT_HEADER as usize || header[..8] != SEGMENT_MAGIC {
            return Heading::Unreadable;
        }
        let version = u32_at(header, 8);
        let sound =
            crc32fast::hash(&header[16..SEGMENT_HEADER as usize]) ^ version == u32_at(header, 12);
        match version {
            _ if !sound => Heading::Unreadable,
            VERSION if u64_at(header, 16) == self.base && u64_at(header, 24) == self.salt => {
                Heading::Ours
            }
            VERSION => Heading::Unreadable,
            later => Heading::Later(later),
        }
    }

    fn header_hasher(self) -> Hasher {
        Hasher::new_with_initial(self.salt as u32)
    }

    fn body_hasher(self) -> Hasher {
        Hasher::new_with_initial((self.salt >> 32) as u32)
    }

    pub(crate) fn body_crc(self, body: &Chunks) -> u32 {
        let mut hasher = self.body_hasher();
        body.iter().for_each(|piece| hasher.update(piece));
        hasher.finalize()
    }

    pub(crate) fn body_is_sound(self, header: &Header, body: &[u8]) -> bool {
        let mut hasher = self.body_hasher();
        hasher.update(body);
        hasher.finalize() == header.body_crc
    }
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A request that somebody sent.
    Request,
    /// What the owner of the log noted for itself.
    Note,
}

/// How a body is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Lz4,
}

/// When something arrived, as another process can still tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived(u32);

impl Arrived {
    pub(crate) fn at(instant: Instant) -> Self {
        let (now, time) = (Instant::now(), SystemTime::now());
        let age = now.saturating_duration_since(instant);
        Self::so_long_before(time + instant.saturating_duration_since(now), age)
    }

    fn so_long_before(now: SystemTime, age: Duration) -> Self {
        // Zero is what is not known.
        Self(milliseconds(now).wrapping_sub(low(age.as_millis())).max(1))
    }

    /// The instant that it was; now, where it is not known, and where a clock says that it is still to come.
    pub(crate) fn instant(self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.age(SystemTime::now())).unwrap_or(now)
    }

    fn age(self, now: SystemTime) -> Duration {
        let age = milliseconds(now).wrapping_sub(self.0);
        if self.0 == 0 || age > u32::MAX / 2 {
            return Duration::ZERO;
        }
        Duration::from_millis(age.into())
    }
}

fn milliseconds(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    low(since.as_millis())
}

fn low(number: u128) -> u32 {
    number as u32
}

/// What is known of a record without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) sequence: u64,
    /// How many bytes of body are in the file.
    pub(crate) stored: u32,
    /// How many bytes the body has.
    pub(crate) length: u32,
    pub(crate) items: u32,
    pub(crate) kind: Kind,
    pub(crate) signal: Signal,
    pub(crate) codec: Codec,
    pub(crate) body_crc: u32,
    pub(crate) arrived: Arrived,
}

impl Header {
    /// Which record it is of.
    pub(crate) fn position(&self) -> Position {
        Position {
            sequence: self.sequence,
            items: u64::from(self.items),
            bytes: u64::from(self.length),
        }
    }

    /// How far the next record is from this one.
    pub(crate) fn stride(&self) -> u64 {
        stride(u64::from(self.stored))
    }

    pub(crate) fn encode(&self, life: Life) -> [u8; RECORD_HEADER as usize] {
        let mut bytes = [0; RECORD_HEADER as usize];
        bytes[..4].copy_from_slice(&RECORD_MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.stored.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.length.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.items.to_le_bytes());
        bytes[28] = self.kind as u8 + 1;
        bytes[29] = self.signal as u8 + 1;
        bytes[30] = self.codec as u8 + 1;
        bytes[32..36].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.arrived.0.to_le_bytes());
        let mut hasher = life.header_hasher();
        hasher.update(&bytes[8..]);
        bytes[4..8].copy_from_slice(&hasher.finalize().to_le_bytes());
        bytes
    }

    /// The header at the start of these bytes, if there is one of this life.
    pub(crate) fn decode(bytes: &[u8], life: Life) -> Option<Self> {
        let bytes = bytes.get(..RECORD_HEADER as usize)?;
        if bytes[..4] != RECORD_MAGIC {
            return None;
        }
        let mut hasher = life.header_hasher();
        hasher.update(&bytes[8..]);
        if hasher.finalize() != u32_at(bytes, 4) {
            return None;
        }
        let sequence = u64_at(bytes, 8);
        (sequence >= life.base).then_some(Self {
            sequence,
            stored: u32_at(bytes, 16),
            length: u32_at(bytes, 20),
            items: u32_at(bytes, 24),
            kind: match bytes[28] {
                1 => Kind::Request,
                2 => Kind::Note,
                _ => return None,
            },
            signal: match bytes[29] {
                1 => Signal::Traces,
                2 => Signal::Metrics,
                3 => Signal::Logs,
                _ => return None,
            },
            codec: match bytes[30] {
                1 => Codec::Plain,
                2 => Codec::Lz4,
                _ => return None,
            },
            body_crc: u32_at(bytes, 32),
            arrived: Arrived(u32_at(bytes, 36)),
        })
    }
}

/// How far the record after one with such a body is.
pub(crate) fn stride(stored: u64) -> u64 {
    (RECORD_HEADER + stored).next_multiple_of(8)
}

/// A number that nobody can guess.
pub(crate) fn salt() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |four| u32::from_le_bytes(*four))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        base: 7,
        salt: 0x1234_5678_9abc_def0,
    };

    fn header() -> Header {
        Header {
            sequence: 9,
            stored: 3,
            length: 3,
            items: 1,
            kind: Kind::Note,
            signal: Signal::Logs,
            codec: Codec::Plain,
            body_crc: 5,
            arrived: Arrived(77),
        }
    }

    #[test]
    fn a_life_is_in_the_name_and_in_the_header() {
        assert_eq!(Life::of_file_name(&LIFE.file_name()), Some(LIFE));
        assert_eq!(LIFE.heading(&LIFE.header()), Heading::Ours);
        for foreign in [
            "7-8.segment",
            "0000000000000007.segment",
            "lost+found",
            "é.segment",
        ] {
            assert_eq!(Life::of_file_name(foreign), None, "{foreign}");
        }
        let other = Life { base: 8, ..LIFE };
        assert_eq!(other.heading(&LIFE.header()), Heading::Unreadable);
    }

    #[test]
    fn no_flipped_bit_of_a_header_goes_unseen() {
        let bytes = header().encode(LIFE);
        assert_eq!(Header::decode(&bytes, LIFE), Some(header()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped, LIFE), None, "bit {bit}");
        }
    }

    #[test]
    fn a_record_of_another_life_is_none() {
        let bytes = header().encode(LIFE);
        assert_eq!(Header::decode(&bytes, Life { salt: 1, ..LIFE }), None);
        assert_eq!(Header::decode(&bytes, Life { base: 10, ..LIFE }), None);
    }

    #[test]
    fn when_something_arrived_is_known_in_spite_of_clocks() {
        let seconds = Duration::from_secs;
        let then = UNIX_EPOCH + seconds(1_800_000_000);
        let arrived = Arrived::so_long_before(then, seconds(2));
        assert_eq!(arrived.age(then), seconds(2));
        assert_eq!(arrived.age(then + seconds(86_400)), seconds(86_402));
        assert_eq!(arrived.age(then - seconds(60)), Duration::ZERO, "set back");
        assert_eq!(Arrived::default().age(then), Duration::ZERO, "not known");
        let soon = Arrived::at(Instant::now()).instant().elapsed();
        assert!(soon < seconds(30), "{soon:?}");
        let later = Arrived::at(Instant::now() + seconds(3600));
        assert_eq!(
            later.age(SystemTime::now()),
            Duration::ZERO,
            "still to come"
        );
    }
}
