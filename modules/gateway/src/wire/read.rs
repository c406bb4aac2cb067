//! How are protobuf's varints, keys and fields read?

use std::ops::Range;

use super::Fault;

/// Reads one message from its first byte to its last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How a field's value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Varint,
    Fixed64,
    Length,
    Fixed32,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// What it holds.
    pub value: FieldValue<'a>,
    /// Where key and value stand in the message.
    pub range: Range<usize>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// A variable number of bytes that make a number.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// A string, bytes, a message, or packed numbers.
    Length(&'a [u8]),
}

/// The fields of a message that was checked before; ends early at what cannot be read.
#[derive(Clone, Debug)]
pub struct Fields<'a>(Reader<'a>);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(*byte))
            }
            Some(_) => self.long_varint(),
            None => Err(Fault::Varint),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for (index, byte) in self.bytes[self.at..].iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                // The tenth byte has room for one bit.
                if index == 9 && *byte > 1 {
                    break;
                }
                self.at += index + 1;
                return Ok(value);
            }
        }
        Err(Fault::Varint)
    }

    /// A field's number and layout.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<(u32, Layout), Fault> {
        let key = u32::try_from(self.varint()?).map_err(|_| Fault::Key)?;
        let layout = match key & 7 {
            0 => Layout::Varint,
            1 => Layout::Fixed64,
            2 => Layout::Length,
            5 => Layout::Fixed32,
            3 | 4 => return Err(Fault::Group),
            _ => return Err(Fault::Layout),
        };
        match key >> 3 {
            0 => Err(Fault::Key),
            number => Ok((number, layout)),
        }
    }

    /// Moves to where something else found the rest to begin, which is the end of what it is given.
    #[inline]
    pub(super) fn pass(&mut self, rest: impl FnOnce(&'a [u8]) -> &'a [u8]) {
        let before = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len() - rest(before).len();
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).ok_or(Fault::Length)?;
        let taken = rest.get(..length).ok_or(Fault::Length)?;
        self.at += length;
        Ok(taken)
    }

    /// What has its length before it.
    #[inline]
    pub(super) fn delimited(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| Fault::Length)?)
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> Result<u64, Fault> {
        let bytes = self.take(8)?.try_into().map_err(|_| Fault::Length)?;
        Ok(u64::from_le_bytes(bytes))
    }

    #[inline]
    pub(crate) fn fixed32(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?.try_into().map_err(|_| Fault::Length)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// The next field, if it is one as nearly all are: its number is below 32, and what it holds is one byte, four, eight,
    /// or less than 16 KiB.
    #[inline]
    fn short(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let (key, rest) = match self.bytes.get(start..)? {
            [key @ 8..0x80, rest @ ..] => (*key, rest),
            [low @ 0x80..=0xff, 1, rest @ ..] => (*low, rest),
            _ => return None,
        };
        let (value, rest) = match (key & 7, rest) {
            (2, [length @ 0..0x80, rest @ ..]) => {
                let (bytes, rest) = rest.split_at_checked((*length).into())?;
                (FieldValue::Length(bytes), rest)
            }
            (2, [low, high @ 0..0x80, rest @ ..]) => {
                let length = usize::from(*high) << 7 | usize::from(low & 0x7f);
                let (bytes, rest) = rest.split_at_checked(length)?;
                (FieldValue::Length(bytes), rest)
            }
            (1, rest) => {
                let (number, rest) = rest.split_first_chunk()?;
                (FieldValue::Fixed64(u64::from_le_bytes(*number)), rest)
            }
            (5, rest) => {
                let (number, rest) = rest.split_first_chunk()?;
                (FieldValue::Fixed32(u32::from_le_bytes(*number)), rest)
            }
            (0, [number @ 0..0x80, rest @ ..]) => (FieldValue::Varint((*number).into()), rest),
            _ => return None,
        };
        self.at = self.bytes.len() - rest.len();
        Some(Field {
            // Of a key of two bytes that says 1 in the second, the first one's highest bit is 16 in the number.
            number: u32::from(key >> 3),
            value,
            range: start..self.at,
        })
    }

    /// The next field, whatever it is; none where it cannot be read.
    fn any(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let (number, layout) = self.key().ok()?;
        let value = self.value(layout).ok()?;
        Some(Field {
            number,
            value,
            range: start..self.at,
        })
    }

    #[inline]
    pub(crate) fn value(&mut self, layout: Layout) -> Result<FieldValue<'a>, Fault> {
        Ok(match layout {
            Layout::Varint => FieldValue::Varint(self.varint()?),
            Layout::Fixed64 => FieldValue::Fixed64(self.fixed64()?),
            Layout::Fixed32 => FieldValue::Fixed32(self.fixed32()?),
            Layout::Length => FieldValue::Length(self.delimited()?),
        })
    }
}

impl<'a> Fields<'a> {
    /// The fields of this message, which [`count`](super::count) found valid.
    pub fn of(message: &'a [u8]) -> Self {
        Self(Reader::new(message))
    }

    /// Passes over the next fields as long as they have this key, of one byte, and less than 128 bytes.
    #[inline]
    pub(crate) fn pass_short(&mut self, key: u8) {
        self.0.pass(|mut rest| {
            while let [first, length @ 0..0x80, after @ ..] = rest
                && *first == key
                && let Some(next) = after.get(usize::from(*length)..)
            {
                rest = next;
            }
            rest
        });
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.0.short().or_else(|| self.0.any())
    }
}

impl<'a> FieldValue<'a> {
    /// A number of a field of 32 bits, of whose varint no more is looked at, as in every protobuf reader.
    #[inline]
    pub(crate) fn int32(varint: u64) -> i32 {
        let [a, b, c, d, ..] = varint.to_le_bytes();
        i32::from_le_bytes([a, b, c, d])
    }

    /// The same of a field in which small numbers are short on both sides of zero.
    #[inline]
    pub(crate) fn zigzag32(varint: u64) -> i32 {
        let bits = Self::int32(varint);
        (bits.cast_unsigned() >> 1).cast_signed() ^ -(bits & 1)
    }

    /// The bytes, if it has its length before it.
    #[inline]
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Length(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// What a message has in a field of bytes, the last where there are several; nothing where there is none.
pub(crate) fn bytes_of(message: &[u8], number: u32) -> &[u8] {
    let fields = Fields::of(message).filter(|field| field.number == number);
    let bytes = fields.filter_map(|field| field.value.bytes());
    bytes.last().unwrap_or_default()
}

/// What a message has in a varint, the last where there are several; zero where there is none.
pub(crate) fn number_of(message: &[u8], number: u32) -> u64 {
    let fields = Fields::of(message).filter(|field| field.number == number);
    let numbers = fields.filter_map(|field| match field.value {
        FieldValue::Varint(value) => Some(value),
        _ => None,
    });
    numbers.last().unwrap_or_default()
}

/// The numbers of a packed field of varints, as far as they can be read.
pub(crate) fn varints(packed: &[u8]) -> impl Iterator<Item = u64> {
    let mut reader = Reader::new(packed);
    std::iter::from_fn(move || reader.varint().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a field looks like that is read at once.
    const SHORT: [&[u8]; 9] = [
        &[0x08, 0x7f],
        &[0x78, 0],
        &[0x09, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x0d, 1, 2, 3, 4],
        &[0x0a, 2, 1, 2],
        &[0x0a, 0x81, 0, 1],
        &[0x85, 1, 1, 2, 3, 4],
        &[0xfa, 1, 1, 9],
        &[0x80, 1, 7],
    ];

    /// Reads a field in both ways; whether it was short.
    fn read(bytes: &[u8]) -> Result<bool, TestCaseError> {
        let (mut short, mut any) = (Reader::new(bytes), Reader::new(bytes));
        let (one, other) = (short.short(), any.any());
        let Some(one) = one else {
            prop_assert_eq!(short.at, 0);
            return Ok(false);
        };
        let other = other.expect("what is short is one of any");
        prop_assert_eq!(one.number, other.number);
        prop_assert_eq!(one.value, other.value);
        prop_assert_eq!(one.range, other.range);
        prop_assert_eq!(short.at, any.at);
        Ok(true)
    }

    #[test]
    fn what_nearly_all_fields_look_like_is_short() {
        for bytes in SHORT {
            assert!(read(bytes).unwrap(), "{bytes:?}");
            let cut = &bytes[..bytes.len() - 1];
            assert!(!read(cut).unwrap(), "{cut:?}");
        }
    }

    #[test]
    fn fields_are_passed_over_up_to_the_first_that_is_another_or_long() {
        let long = [&[0x4a, 0x80, 1][..], &[0; 128]].concat();
        let cut = [0x4a, 5, 0, 0];
        for rest in [&[0x10, 7][..], &[0x4a, 0x80], &long, &cut, &[]] {
            let message = [&[0x4a, 1, 9, 0x4a, 0][..], rest].concat();
            let mut fields = Fields::of(&message);
            fields.pass_short(0x4a);
            assert_eq!(&fields.0.bytes[fields.0.at..], rest);
        }
    }

    proptest! {
        #[test]
        fn short_fields_are_read_as_any_field_is(
            key in 0..=u8::MAX,
            second in 0..=3_u8,
            length in proptest::collection::vec(0..=u8::MAX, 1..3),
            rest in proptest::collection::vec(0..=u8::MAX, 0..400),
        ) {
            // Each layout more often than by chance.
            for key in [key, key & 0xf8, key & 0xf8 | 1, key & 0xf8 | 2, key & 0xf8 | 5] {
                read(&[&[key], &length[..], &rest].concat())?;
                read(&[&[key, second], &length[..], &rest].concat())?;
            }
        }
    }
}
