//! What is measured of spans: rate, errors and duration of each operation, and who calls whom.

use super::AnyPipeline;

/// Metrics made of spans.
#[derive(Clone, Debug)]
pub(in crate::collector) struct Red {
    /// Where they go.
    pub(in crate::collector) to: AnyPipeline,
    /// The span attributes that they are told apart by, beside service, operation, kind and status.
    pub(in crate::collector) dimensions: Vec<String>,
}

impl Red {
    pub(super) fn into(to: AnyPipeline) -> Self {
        Self {
            to,
            dimensions: Vec::new(),
        }
    }
}
