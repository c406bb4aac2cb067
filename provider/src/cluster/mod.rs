//! The only door to an API server.
//!
//! A [`Cluster`] sends every request itself: with a deadline, a bounded number of others beside it, retries only
//! for what passes by itself, and typed failures in place of status codes. What it can do is said by the files
//! beside it: `observe` reads, `apply` writes, `status` looks at readiness.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

mod call;
mod classify;
mod config;
mod discovery;
mod failure;
mod follow;
mod forbidden;
mod gate;
mod observe;
mod retry;
mod send;
mod status;
mod verbs;
mod version;

pub use call::{Attempt, Verb};
pub use config::{ClusterConfig, Endpoint};
pub use failure::{CallError, Failure};
pub use forbidden::{Forbidden, Permission};
pub use retry::Patience;
pub use send::Requests;
pub use status::Standing;
pub use version::Version;

pub(crate) use call::Answer;
pub(crate) use follow::{Follow, Seen, group_of};
pub(crate) use observe::Group;
pub(crate) use retry::jittered;
pub(crate) use verbs::{Force, Preconditions, Propagation};

use gate::Gate;

/// An API server.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    client: kube::Client,
    options: ClusterOptions,
    gate: Gate,
    counts: Mutex<BTreeMap<Verb, u64>>,
}

/// How to talk to a cluster. Every wait has a limit.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one request may take, all in all.
    pub request_timeout: Duration,
    /// Who acts, for whoever finds the stack locked: `ana@laptop (pid 4711) up`.
    pub holder: String,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
            holder: "provider".into(),
        }
    }
}

impl Cluster {
    /// A cluster behind a client of the caller's: its own retries should be off.
    pub fn new(client: kube::Client, options: ClusterOptions) -> Self {
        let inner = Inner {
            client,
            options,
            gate: Gate::default(),
            counts: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How many requests were sent so far.
    pub fn requests(&self) -> Requests {
        let counts = self
            .inner
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Requests {
            by_verb: counts.clone(),
            peak: self.inner.gate.peak(),
        }
    }

    /// Who acts.
    pub fn holder(&self) -> &str {
        &self.inner.options.holder
    }

    fn count(&self, verb: Verb) {
        let mut counts = self
            .inner
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *counts.entry(verb).or_default() += 1;
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("requests", &self.requests().total())
            .finish_non_exhaustive()
    }
}
