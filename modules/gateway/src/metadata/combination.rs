//! When do two requests belong together?

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::{Keys, Metadata};

/// What a request says of some headers. Two are the same if the values of each are, in number and order, so that an
/// empty value is something else than none.
#[derive(Clone, Debug)]
pub(crate) struct Combination {
    keys: Keys,
    metadata: Option<Arc<Metadata>>,
}

impl Combination {
    /// Of these headers.
    pub(crate) fn of(keys: &Keys, metadata: Option<Arc<Metadata>>) -> Self {
        Self {
            keys: keys.clone(),
            metadata,
        }
    }

    fn values(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        let values = self.metadata.iter();
        values.flat_map(move |metadata| metadata.of(key))
    }
}

impl PartialEq for Combination {
    fn eq(&self, other: &Self) -> bool {
        let same = |key: &str| self.values(key).eq(other.values(key));
        self.keys == other.keys && self.keys.iter().all(same)
    }
}

impl Eq for Combination {}

impl Hash for Combination {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for key in self.keys.iter() {
            let mut count = 0;
            for value in self.values(key) {
                value.hash(state);
                count += 1;
            }
            state.write_usize(count);
        }
    }
}
