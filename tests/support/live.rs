//! Is there a real cluster to test against, and under which names?

use std::env;
use std::path::PathBuf;

use crate::AuditLog;

/// A real cluster, as `make live` hands it over.
#[derive(Debug, Clone)]
pub struct Live {
    /// How to reach it, as somebody who may do everything.
    pub kubeconfig: PathBuf,
    /// What every name begins with that a test gives to a namespace or a cluster-wide object (and
    /// what a custom resource's group contains): the cluster may not be ours.
    pub prefix: String,
    /// What was asked of the API server, where we started it ourselves.
    pub audit: Option<AuditLog>,
    /// The `kubectl` of the same version.
    pub kubectl: PathBuf,
}

impl Live {
    /// The cluster that the environment names. Without one the suite runs against the sandbox.
    pub fn from_environment() -> Option<Self> {
        let path = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Some(Self {
            kubeconfig: path("OTELIER_LIVE_KUBECONFIG")?,
            prefix: env::var("OTELIER_LIVE_PREFIX").unwrap_or_else(|_| "ol".into()),
            audit: path("OTELIER_LIVE_AUDIT_LOG").map(AuditLog::new),
            kubectl: path("OTELIER_LIVE_KUBECTL").unwrap_or_else(|| "kubectl".into()),
        })
    }

    /// The same for a test that has no meaning without one.
    ///
    /// # Panics
    /// Without a cluster: such tests are called `live::…` and left out of `make test`.
    pub fn expected() -> Self {
        Self::from_environment().expect("needs a real cluster: run it with `make live`")
    }

    /// A name that is nobody else's: not another run's, and not another test's.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }
}
