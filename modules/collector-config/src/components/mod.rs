//! The components whose settings are described as types.

/// Settings of which each field is left out where it has its default. So the default must be what the program
/// assumes where nothing is said: a switch that is on by itself is an `Option<bool>`.
macro_rules! settings {
    ($($(#[$about:meta])* pub struct $name:ident {
        $($(#[$field_about:meta])* pub $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {$(
            $(#[$field_about])*
            #[serde(skip_serializing_if = "crate::components::is_default")]
            pub $field: $type,
        )*}
    )*};
}

pub mod attributes;
pub mod auth;
pub mod awss3;
pub mod connection;
pub mod count;
pub mod debug;
pub mod diagnostics;
pub mod elasticsearch;
pub mod file_exporter;
pub mod file_log;
pub mod filter;
pub mod google_cloud_storage;
pub mod health;
pub mod host_metrics;
pub mod jaeger;
pub mod jaeger_elasticsearch;
pub mod jaeger_sampling;
pub mod k8s_attributes;
pub mod k8s_cluster;
pub mod k8s_events;
pub mod k8s_objects;
pub mod kubelet_stats;
pub mod leader_election;
pub mod load_balancing;
pub mod otlp;
pub mod otlp_exporters;
pub mod ottl_groups;
pub mod processors;
pub mod prometheus_exporter;
pub mod prometheus_receiver;
pub mod queue;
pub mod remote_write;
pub mod resource_detection;
pub mod routing;
pub mod service_graph;
pub mod span_metrics;
mod tail_mistakes;
mod tail_policy;
pub mod tail_rules;
pub mod tail_sampling;
pub mod temporality;
pub mod transform;

/// `Default` is what a program assumes where nothing is written, so such fields are left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A part of settings that is on where it is named, even if nothing more is said: `grpc:`.
pub(crate) fn on_where_named<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    let value: Option<T> = serde::Deserialize::deserialize(deserializer)?;
    Ok(Some(value.unwrap_or_default()))
}

/// Free settings that are passed on as they are.
pub type Settings = serde_json::Map<String, serde_json::Value>;

/// The fields of what `json!({…})` made; none if it made no object.
pub fn settings(value: serde_json::Value) -> Settings {
    match value {
        serde_json::Value::Object(fields) => fields,
        _ => Settings::new(),
    }
}
