//! Describe and compare: the pure half of the engine.
//!
//! ```text
//! definition ─► Draft ─► Graph ─┬─► Plan
//!                  Observation ─┘
//! ```
//!
//! Nothing here talks to a cluster, reads a clock or starts a task; the manifest of this package alone
//! proves it. Acting on a [`plan::Plan`] is the work of the package `provider`.

pub mod applyset;
pub mod borrowed;
pub mod certificate;
pub mod endpoint;
pub mod exposure;
pub mod graph;
pub mod id;
pub mod kind;
pub mod lifecycle;
pub mod name;
pub mod origin;
pub mod plan;
pub mod pods;
pub mod reference;
pub mod resource;
pub mod scope;
pub mod secret;
pub mod sensitive;
pub mod stack;

pub use borrowed::{Borrowed, Form};
pub use certificate::{Certificate, Certified, GeneratedAuthority, GeneratedCertificate, Validity};
pub use endpoint::{
    Destination, Endpoint, Port, Protocol, Reach, Security, ServiceDestination, Transport,
};
pub use exposure::Exposure;
pub use graph::{
    Connection, Edge, Expected, Finding, Findings, Graph, Mention, RULES, Rule, SecretValues,
    Until, Waits,
};
pub use id::ResourceId;
pub use kind::{Kind, KindScope, KindSource};
pub use lifecycle::Lifecycle;
pub use name::{LabelValue, Name, PortName};
pub use origin::Origin;
pub use plan::Plan;
pub use pods::{Pods, RunsPods};
pub use reference::Ref;
pub use resource::Resource;
pub use scope::{Module, Network, Scope, Source, Untyped};
pub use secret::{GeneratedSecret, Recipe};
pub use sensitive::Sensitive;
pub use stack::{PodSecurity, Stack};

pub use {k8s_openapi, kube_core};
