//! What may happen to a resource after it was created?

use serde::{Deserialize, Serialize};

/// What may happen to a resource after it was created.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Updated when the definition moves, retaken when it drifts, deleted when it leaves the definition.
    #[default]
    Managed,
    /// Created where it is missing and never changed afterwards: generated passwords, certificates.
    CreatedOnce,
    /// As managed, but never deleted nor replaced: `up` and `down` stop and say so instead.
    Protected,
}
