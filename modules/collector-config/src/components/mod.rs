//! The components whose settings are described as types.

pub mod connection;
pub mod debug;
pub mod file_log;
pub mod health;
pub mod host_metrics;
pub mod jaeger;
pub mod jaeger_elasticsearch;
pub mod jaeger_sampling;
pub mod k8s_attributes;
pub mod kubelet_stats;
pub mod load_balancing;
pub mod otlp;
pub mod otlp_exporters;
pub mod processors;
pub mod queue;
pub mod remote_write;
pub mod tail_sampling;

/// `Default` is what a program assumes where nothing is written, so such fields are left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Free settings that are passed on as they are.
pub type Settings = serde_json::Map<String, serde_json::Value>;
