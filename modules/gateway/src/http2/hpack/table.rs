//! Which fields did the peer ask us to remember (RFC 7541, section 4)?

use std::collections::VecDeque;

use super::fixed;

/// What an entry counts for beside its bytes.
pub(super) const OVERHEAD: usize = 32;

/// A field in one piece of memory.
#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    name: usize,
}

impl Entry {
    fn size(&self) -> usize {
        self.text.len() + OVERHEAD
    }
}

/// The dynamic table behind the static one; the newest entry comes first.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    /// How large the peer lets it become, and how large we let it.
    room: usize,
    limit: usize,
}

impl Table {
    /// An empty one that never becomes larger than this.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            room: limit,
            limit,
        }
    }

    /// The field at an index, static or dynamic.
    pub(super) fn field(&self, index: u32) -> Option<(&[u8], &[u8])> {
        let index = index as usize;
        match index.checked_sub(fixed::COUNT + 1) {
            None => fixed::field(index),
            Some(index) => {
                let entry = self.entries.get(index)?;
                Some(entry.text.split_at(entry.name))
            }
        }
    }

    /// Remembers a field, and forgets the oldest ones that there is no room for with it. One that there never is room
    /// for leaves an empty table.
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + OVERHEAD;
        self.evict(self.room.saturating_sub(size));
        if size > self.room {
            return;
        }
        let entry = Entry {
            text: [name, value].concat().into(),
            name: name.len(),
        };
        self.size += size;
        self.entries.push_front(entry);
    }

    /// The same for a field whose name stands at an index already.
    pub(super) fn insert_named(&mut self, index: u32, value: &[u8]) {
        // Copied first: the entry may be one of those that make room.
        let name = self.field(index).map(|(name, _)| name.to_vec());
        self.insert(&name.unwrap_or_default(), value);
    }

    /// Changes its size as the peer wants; false, if we do not allow that much.
    pub(super) fn resize(&mut self, size: usize) -> bool {
        if size > self.limit {
            return false;
        }
        self.room = size;
        self.evict(size);
        true
    }

    fn evict(&mut self, most: usize) {
        while self.size > most
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.size();
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = self
            .entries
            .iter()
            .map(|entry| entry.text.split_at(entry.name));
        fields
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }
}
