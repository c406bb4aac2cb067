//! Which headers does somebody ask for?

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Names of headers: in lower case, as HTTP/2 has them, sorted, and each once. A clone shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Arc<[Box<str>]>);

impl Keys {
    /// These, however they are spelled.
    pub fn of(names: &[impl AsRef<str>]) -> Self {
        names.iter().map(AsRef::as_ref).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Where a name stands, which is in lower case; mostly there are one or two.
    pub(super) fn place(&self, name: &[u8]) -> Option<usize> {
        self.0.iter().position(|key| key.as_bytes() == name)
    }
}

impl<'a> FromIterator<&'a str> for Keys {
    fn from_iter<T: IntoIterator<Item = &'a str>>(names: T) -> Self {
        let names = names.into_iter().map(|name| name.to_lowercase().into());
        let mut names: Vec<Box<str>> = names.collect();
        names.sort_unstable();
        names.dedup();
        Self(names.into())
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
