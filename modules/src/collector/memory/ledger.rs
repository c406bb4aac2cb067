//! Where does a Pod's memory go? The budget as people read it, kept beside the configuration that follows from it.

use serde::{Deserialize, Serialize};

/// The annotation of a configuration's ConfigMap that holds its [`Ledger`].
pub const MEMORY_ANNOTATION: &str = "otelier.dev/memory";

/// How the memory of one Pod is spent; the parts add up to its limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The container's limit, in bytes.
    pub limit: u64,
    /// What the Go runtime is asked to stay below.
    pub go_limit: u64,
    /// From here on data is refused.
    pub refuses_at: u64,
    /// What it is spent on.
    pub parts: Vec<Part>,
    /// What that is enough for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enough_for: Vec<String>,
}

/// One thing that memory is spent on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is.
    pub what: String,
    /// How much, in bytes.
    pub bytes: u64,
    /// How that comes about.
    pub why: String,
}

impl Part {
    pub(super) fn new(what: impl Into<String>, bytes: u64, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            bytes,
            why: why.into(),
        }
    }
}

impl Ledger {
    /// As it stands in the annotation.
    pub(crate) fn annotation(&self) -> (String, String) {
        let text = serde_json::to_string(self).expect("numbers, texts and lists can be written");
        (MEMORY_ANNOTATION.to_owned(), text)
    }
}
