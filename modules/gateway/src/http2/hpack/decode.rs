//! What does a header block say?

use super::{
    DecodeError, huffman, number,
    table::{OVERHEAD, Table},
};

/// Reads the blocks of one connection, in their order.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    texts: Texts,
}

/// Whether a list of fields was handed on whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// It was.
    Whole,
    /// It is larger than was allowed: the fields from there on were read and not handed on.
    TooLarge,
}

/// Where texts are inflated.
#[derive(Debug, Default)]
struct Texts {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// What to do with a literal once it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    InTable,
    No,
}

/// What counts the fields and hands them on.
struct List<F> {
    left: usize,
    field: F,
    listed: Listed,
}

impl<F: FnMut(&[u8], &[u8])> List<F> {
    fn push(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + OVERHEAD;
        match self.left.checked_sub(size) {
            Some(left) if self.listed == Listed::Whole => {
                self.left = left;
                (self.field)(name, value);
            }
            _ => self.listed = Listed::TooLarge,
        }
    }
}

impl Decoder {
    /// One whose table never takes more than so many bytes: what our settings said, or 4096.
    pub fn new(table: usize) -> Self {
        Self {
            table: Table::new(table),
            texts: Texts::default(),
        }
    }

    /// Reads a whole block and hands its fields on, as far as all of them are no larger than `most` (counted as
    /// `SETTINGS_MAX_HEADER_LIST_SIZE` counts).
    pub fn decode(
        &mut self,
        block: &[u8],
        most: usize,
        field: impl FnMut(&[u8], &[u8]),
    ) -> Result<Listed, DecodeError> {
        let mut list = List {
            left: most,
            field,
            listed: Listed::Whole,
        };
        let mut input = block;
        self.sizes(&mut input)?;
        while let Some(first) = input.first() {
            match first {
                0x80.. => self.indexed(&mut input, &mut list)?,
                0x40..0x80 => self.literal(&mut input, 6, Keep::InTable, &mut list)?,
                0x20..0x40 => return Err(DecodeError::Size),
                0x00..0x20 => self.literal(&mut input, 4, Keep::No, &mut list)?,
            }
        }
        Ok(list.listed)
    }

    /// Reads the changes of the table's size, which stand before all fields.
    fn sizes(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        while let Some(0x20..0x40) = input.first() {
            let size = number::read(input, 5)?;
            if !self.table.resize(size as usize) {
                return Err(DecodeError::Size);
            }
        }
        Ok(())
    }

    fn indexed<F: FnMut(&[u8], &[u8])>(
        &self,
        input: &mut &[u8],
        list: &mut List<F>,
    ) -> Result<(), DecodeError> {
        let index = number::read(input, 7)?;
        let (name, value) = self.table.field(index).ok_or(DecodeError::Index(index))?;
        list.push(name, value);
        Ok(())
    }

    fn literal<F: FnMut(&[u8], &[u8])>(
        &mut self,
        input: &mut &[u8],
        bits: u32,
        keep: Keep,
        list: &mut List<F>,
    ) -> Result<(), DecodeError> {
        let index = number::read(input, bits)?;
        if index == 0 {
            let name = text(input, &mut self.texts.name)?;
            let value = text(input, &mut self.texts.value)?;
            list.push(name, value);
            if keep == Keep::InTable {
                self.table.insert(name, value);
            }
            return Ok(());
        }
        let (name, _) = self.table.field(index).ok_or(DecodeError::Index(index))?;
        let value = text(input, &mut self.texts.value)?;
        list.push(name, value);
        if keep == Keep::InTable {
            self.table.insert_named(index, value);
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> &Table {
        &self.table
    }
}

/// Reads a text, where it stands or into `inflated`.
fn text<'a, 'b: 'a>(
    input: &mut &'b [u8],
    inflated: &'a mut Vec<u8>,
) -> Result<&'a [u8], DecodeError> {
    let packed = input.first().is_some_and(|first| first & 0x80 != 0);
    let length = number::read(input, 7)? as usize;
    let (text, rest) = input.split_at_checked(length).ok_or(DecodeError::Short)?;
    *input = rest;
    if !packed {
        return Ok(text);
    }
    inflated.clear();
    huffman::read(text, inflated)?;
    Ok(inflated)
}
