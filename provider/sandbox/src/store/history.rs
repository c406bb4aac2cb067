//! What happened recently, and how far back is that known?

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::ObjectName;
use crate::registry::Collection;

/// How many changes are kept for watches, pages and exact reads; older versions are expired.
const CHANGES_KEPT: usize = 20_000;

/// One write: an object appeared, changed or went.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) collection: Collection,
    pub(crate) name: ObjectName,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
}

/// The asked version is older than what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expired {
    /// The oldest version from which changes are known.
    pub(crate) oldest: u64,
}

/// The recent changes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    /// Everything up to this version is forgotten.
    forgotten: u64,
}

impl History {
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(change);
        if self.changes.len() > CHANGES_KEPT
            && let Some(oldest) = self.changes.pop_front()
        {
            self.forgotten = oldest.revision;
        }
    }

    pub(super) fn forget(&mut self, revision: u64) {
        self.changes.retain(|change| change.revision > revision);
        self.forgotten = self.forgotten.max(revision);
    }

    pub(super) fn restart(&mut self, revision: u64) {
        self.changes.clear();
        self.forgotten = revision;
    }

    pub(super) fn since(
        &self,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change>, Expired> {
        if revision < self.forgotten {
            return Err(Expired {
                oldest: self.forgotten,
            });
        }
        let start = self
            .changes
            .partition_point(|change| change.revision <= revision);
        Ok(self.changes.range(start..))
    }
}
