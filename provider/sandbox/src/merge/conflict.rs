//! Fields that someone else owns, as the API server tells them.

use fields::FieldPath;

use super::managers::Manager;

/// A field that the configuration sets to something else and another manager owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    pub(super) manager: Manager,
    pub(super) path: FieldPath,
}

/// All conflicts of one apply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflicts(pub(super) Vec<Conflict>);

impl Conflict {
    /// The field, as the cause of the refusal names it.
    pub(crate) fn field(&self) -> String {
        self.path.to_string()
    }

    /// The message of the cause.
    pub(crate) fn message(&self) -> String {
        format!("conflict with {}", self.manager)
    }
}

impl Conflicts {
    /// Each conflict, by manager and path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.0.iter()
    }
}

impl std::fmt::Display for Conflicts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let [conflict] = self.0.as_slice() {
            return write!(
                f,
                "Apply failed with 1 conflict: {}: {}",
                conflict.message(),
                conflict.path
            );
        }
        write!(f, "Apply failed with {} conflicts: ", self.0.len())?;
        for (position, group) in self
            .0
            .chunk_by(|left, right| left.manager == right.manager)
            .enumerate()
        {
            let line_break = if position > 0 { "\n" } else { "" };
            write!(f, "{line_break}conflicts with {}:", group[0].manager)?;
            group
                .iter()
                .try_for_each(|conflict| write!(f, "\n- {}", conflict.path))?;
        }
        Ok(())
    }
}

impl std::error::Error for Conflicts {}
