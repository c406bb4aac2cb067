//! Components for looking and for not looking: `debug` and `nop`.

use serde::{Deserialize, Serialize};

use super::{
    otlp_exporters::{queue_mistakes, storage},
    queue::SendingQueue,
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Signal, Stability};

/// Writes what arrives to the collector's own log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Debug {
    /// How much of it.
    pub verbosity: Verbosity,
    /// How many messages a second before it thins them out: 2 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_initial: Option<u32>,
    /// Then one of so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_thereafter: Option<u32>,
    /// Whether it writes to the collector's log: it does, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_internal_logger: Option<bool>,
    /// The files that it writes to otherwise; `stdout` and `stderr` are understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output_paths: Vec<String>,
    /// The queue; none where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_queue: Option<SendingQueue>,
}

/// How much is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verbosity {
    /// That something arrived.
    #[default]
    Basic,
    /// A line for each item.
    Normal,
    /// Everything.
    Detailed,
}

/// Receives nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NopReceiver {}

/// Throws away what arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NopExporter {}

impl Component for Debug {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "debug")
        .in_gateway()
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        storage(self.sending_queue.as_ref())
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        let own = self.use_internal_logger.unwrap_or(true);
        if own && !self.output_paths.is_empty() {
            found.push("`output_paths` belong to `use_internal_logger: false`".to_owned());
        }
        found
    }
}

impl Component for NopReceiver {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "nop")
        .within(&[
            Distribution::Core,
            Distribution::Contrib,
            Distribution::Jaeger,
        ])
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);
}

impl Component for NopExporter {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "nop")
        .in_gateway()
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);
}
