//! What works beside the pipelines?

use std::path::PathBuf;

use serde::Serialize;

use super::Address;

/// Answers probes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// Where it listens.
    pub address: Address,
    /// The path that it answers.
    pub path: String,
    /// What is answered in place of the status as JSON, when all is well.
    pub healthy_body: Option<String>,
    /// Likewise, when it is not.
    pub unhealthy_body: Option<String>,
}

/// Keeps what must survive a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileStorage {
    /// Where the files lie.
    pub directory: PathBuf,
    /// Who may do what with a directory that is made where it is missing; none where it is not made.
    pub create: Option<u32>,
    /// What an acknowledged request survives.
    pub durability: Durability,
    /// How many bytes the files of each pipeline may have that keeps something here (those of a tail sampler count for
    /// themselves); none for one gibibyte. A queue whose own size is not said is as long as this has room.
    pub max_size: Option<u64>,
}

/// What an acknowledged request survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// The end of the process, however sudden: it is acknowledged after the append.
    #[default]
    Process,
    /// A loss of power too: it is acknowledged after the disk has it.
    Power,
}
