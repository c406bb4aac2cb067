//! Is what was approved still what would happen?

use fields::FieldPath;

use super::step::{Action, Step};

/// What became of an approved step when it was computed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The approved changes are still the changes: go on with the fresh step.
    Holds,
    /// Nothing is left to do: someone has done it.
    Done,
    /// Something else would happen now; stop, and say that it changed since it was planned.
    Changed {
        /// The fields that nobody approved; none where the object itself is another, is gone, or is forbidden.
        paths: Vec<FieldPath>,
    },
}

impl Step {
    /// Whether the field changes that were approved with this step are still the field changes of the step as it
    /// was computed from a fresh look (kapp's rule: not "nothing moved", but "the same would be done").
    ///
    /// Fewer changes are fine. Another value on either side, a new field, or taking a field from another manager
    /// than was shown is not.
    pub fn still_holds(&self, fresh: &Step) -> Verdict {
        if fresh.action == Action::Keep && fresh.blocker.is_none() {
            return Verdict::Done;
        }
        // The object was made and the answer got lost: what is left is to own it.
        let is_made = self.action == Action::Create
            && fresh.action == Action::Update
            && fresh.changes.is_empty()
            && !fresh.adopted
            && fresh.blocker.is_none()
            && fresh.conflicts.is_empty();
        if self.id == fresh.id && is_made {
            return Verdict::Holds;
        }
        let same = self.id == fresh.id && self.action == fresh.action && self.uid == fresh.uid;
        if !same || (fresh.blocker.is_some() && fresh.blocker != self.blocker) {
            return Verdict::Changed { paths: Vec::new() };
        }
        let changes = fresh
            .approved
            .iter()
            .filter(|(path, digest)| self.approved.get(path) != Some(digest));
        let mut paths: Vec<_> = changes.map(|(path, _)| path.clone()).collect();
        let taken = fresh
            .takeovers
            .iter()
            .map(|takeover| (&takeover.path, &takeover.manager));
        let refused = fresh
            .conflicts
            .iter()
            .map(|conflict| (&conflict.path, &conflict.manager));
        paths.extend(
            taken
                .chain(refused)
                .filter(|(path, manager)| !self.takes(path, &manager.name))
                .map(|(path, _)| path.clone()),
        );
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            Verdict::Holds
        } else {
            Verdict::Changed { paths }
        }
    }

    fn takes(&self, path: &FieldPath, manager: &str) -> bool {
        self.takeovers
            .iter()
            .any(|takeover| takeover.path == *path && takeover.manager.name == manager)
    }
}
