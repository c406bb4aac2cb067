//! Why does a field differ: the definition moved, it drifted, or the server wrote it?

use std::fmt;

use serde::Serialize;

use crate::id::ResourceId;

/// Why a field differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// The definition says something else than it said when it was last applied.
    Definition,
    /// Someone has changed or removed what we applied.
    Drift {
        /// Who, as far as the API server remembers: none when the field's owner is gone from `managedFields`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<FieldManager>,
    },
    /// Its time has come: nobody changed it, and it must be made anew all the same.
    Due {
        /// Why.
        why: String,
    },
    /// What is there cannot be used: someone has damaged it.
    Damaged {
        /// What is wrong with it.
        why: String,
    },
    /// It stands in another object, which changes too.
    Follows {
        /// Which.
        of: ResourceId,
    },
    /// We ask for one value and the server, or an admission webhook, makes another of it.
    Rewritten,
}

/// Who owns a field, as the API server records it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FieldManager {
    /// The manager's name: `kubectl-edit`, `helm`, `stacks/prod`.
    pub name: String,
    /// Whether it applies or updates.
    pub operation: Operation,
    /// The subresource it writes through, such as `scale`; empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// When it last wrote any of its fields (RFC 3339), as the server noted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// How a field manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Anything else.
    Update,
}

impl Cause {
    /// Whether a field is no longer as it was applied though the definition stayed: someone changed it, or its time
    /// is over.
    pub fn is_drift(&self) -> bool {
        match self {
            Cause::Drift { .. } | Cause::Due { .. } | Cause::Damaged { .. } => true,
            Cause::Definition | Cause::Follows { .. } | Cause::Rewritten => false,
        }
    }
}

impl fmt::Display for FieldManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.subresource.is_empty() {
            Ok(())
        } else {
            write!(f, " (through {})", self.subresource)
        }
    }
}
