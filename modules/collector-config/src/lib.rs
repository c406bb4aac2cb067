//! The collector's configuration language as types.
//!
//! A [`Config`] is written by a module and read by a collector: the OpenTelemetry Collector, Jaeger v2, or the
//! gateway of this repository. Component types go by one name each; [`Config::to_yaml`] spells them as the
//! [`Release`] that will read them knows them, [`Config::from_yaml`] understands all spellings, and
//! [`Config::check`] says everything that is wrong at once.
//!
//! A component type is one struct that implements [`Component`], and one line in the catalogue. Settings of
//! types that nobody described yet are passed on as they are.
//!
//! ```
//! use collector_config::{Config, Pipeline, PipelineId, Release, Signal, components::{debug::Debug, otlp::*}};
//!
//! let mut config = Config::default();
//! let grpc = GrpcServer { endpoint: "127.0.0.1:4317".into(), ..Default::default() };
//! let otlp = config.add(&Otlp { protocols: Protocols { grpc: Some(grpc), http: None } });
//! let debug = config.add(&Debug::default());
//! let pipeline = Pipeline { receivers: vec![otlp], exporters: vec![debug], ..Default::default() };
//! config.pipeline(PipelineId::of(Signal::Traces), pipeline);
//!
//! assert_eq!(config.check(Release::KUBERNETES), []);
//! let text = config.to_yaml(Release::KUBERNETES);
//! assert_eq!(Config::from_yaml(&text).unwrap(), config);
//! ```

mod catalogue;
mod check;
mod component;
mod component_type;
pub mod components;
mod config;
mod duration;
mod id;
pub mod import;
mod lenient;
pub mod lint;
mod nearest;
mod needs;
pub mod ottl;
mod placeholder;
mod round;
mod rust;
mod salvage;
mod signal;
pub mod strict;
mod telemetry;
mod version;

pub use check::{Mistake, Problem};
pub use component::{Class, Component, Details, ReadSettings};
pub use component_type::{Carries, ComponentType, Containment, Maturity, Removed, Stability};
pub use config::{Config, Pipeline, ReadError, Service, SettingsError};
pub use duration::{Duration, DurationError};
pub use id::{ComponentId, IdError, PipelineId};
pub use needs::{
    Asker, HostPath, LaterMounts, Listen, Need, Needs, Object, PodSecurity, Reach, Rule, Traffic,
    Transport, Verb,
};
pub use rust::{Program, identifier};
pub use serde_json::json;
pub use signal::Signal;
pub use telemetry::{
    Level, PrometheusReader, PullExporter, PullReader, Reader, Telemetry, TelemetryLogs,
    TelemetryMetrics,
};
pub use version::{Distribution, Release, Version, VersionError};
