//! The engine: describe, then compare, then act.
//!
//! ```text
//!      definition            fn prod(stack: &mut Scope<'_>)
//!          │   Scope::add                                                     pure
//!          ▼
//!        Draft               resources, connections, findings so far
//!          │   finish: find references · derive NetworkPolicies · check
//!          ▼
//!        Graph               a Graph that exists is valid; its order is known
//!          │
//!          │◄── Observation  Cluster::observe: live objects and dry runs      reads
//!          ▼
//!        Plan                one Step per resource; each Change has a Cause
//!          │                 Cluster::apply: whatever is unblocked            writes
//!          ▼
//!        Event ────────────► views
//!          │   fold
//!          ▼
//!        Report              what happened to each resource, and what to do about it
//! ```
//!
//! Describing and comparing are pure and live in `provider-core`, re-exported here so that users name one
//! crate. What is in this crate itself is *act*: everything that reaches an API server does so through
//! [`Cluster`].

pub mod apply;
mod certify;
pub mod cluster;
pub mod error;
pub mod event;
pub mod inventory;
pub mod lease;
pub mod readiness;
pub mod report;

pub use provider_core::*;

pub use apply::{Interrupt, Limits, Wait};
pub use cluster::{Cluster, ClusterConfig, ClusterOptions, Requests};
pub use error::{ConnectError, InventoryError, LeaseError, ObserveError};
pub use event::{Event, Events};
pub use readiness::Readiness;
pub use report::{Outcome, Report, Verdict};
