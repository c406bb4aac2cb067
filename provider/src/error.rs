//! What can go wrong, one error for each stage of the engine.
//!
//! A message says what was attempted, on what; its source says why. Whoever prints it walks the chain.

use std::path::PathBuf;

use thiserror::Error;

pub use crate::cluster::{Attempt, CallError, Failure, Forbidden, Permission};

/// Why there is no connection to a cluster.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// A kubeconfig is missing or malformed.
    #[error("could not read the kubeconfig `{}`", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<kube::config::KubeconfigError>,
    },
    /// No context was asked for and none is current.
    #[error(
        "the kubeconfig has no current context, and none was named (it has: {})",
        list(known)
    )]
    NoContext {
        /// Those that there are.
        known: Vec<String>,
    },
    /// The context is not in the kubeconfig.
    #[error("the kubeconfig has no context `{name}` (it has: {})", list(known))]
    UnknownContext {
        /// The context.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The context's cluster is not in the kubeconfig.
    #[error("context `{name}` names a cluster `{cluster}` that the kubeconfig does not have")]
    UnknownCluster {
        /// The context.
        name: String,
        /// Its cluster.
        cluster: String,
    },
    /// The context's parts cannot be used.
    #[error("could not use context `{name}`")]
    Context {
        /// The context.
        name: String,
        /// Why.
        source: Box<kube::config::KubeconfigError>,
    },
    /// This is no Pod with a service account.
    #[error("could not use the service account of this Pod")]
    InCluster {
        /// Why.
        source: Box<kube::config::InClusterError>,
    },
    /// Certificates or credentials cannot be used.
    #[error("could not connect to `{server}`")]
    Unusable {
        /// The server's address.
        server: String,
        /// Why.
        source: kube::Error,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Why a cluster could not be observed.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// Reads or dry runs that the caller may not make; everything that is missing, at once.
    #[error("could not compare the stack with the cluster; this Role would allow it:\n\n{}", .0.roles())]
    Forbidden(#[source] Forbidden),
    /// A read failed.
    #[error("could not compare the stack with the cluster")]
    Read(#[source] CallError),
    /// What the stack owns is not known.
    #[error("could not compare the stack with the cluster")]
    Inventory(#[source] InventoryError),
}

/// Why the inventory could not be read or written.
#[derive(Debug, Error)]
pub enum InventoryError {
    /// A request failed.
    #[error("could not reach the inventory")]
    Call(#[source] CallError),
    /// Its content is damaged.
    #[error(
        "the inventory `{secret}` is damaged ({reason}); nothing was touched. Restore it, or delete it to adopt the objects anew"
    )]
    Damaged {
        /// Namespace and name of the Secret.
        secret: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer program wrote it.
    #[error(
        "the inventory `{secret}` has format {found}, this program knows {known}; nothing was touched. Use the newer program"
    )]
    Newer {
        /// Namespace and name of the Secret.
        secret: String,
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// A Secret of that name is something else.
    #[error("the Secret `{secret}` exists and is not an inventory; rename it")]
    NotOurs {
        /// Namespace and name of the Secret.
        secret: String,
    },
    /// Another run wrote it meanwhile.
    #[error("another run has written the inventory `{secret}` meanwhile")]
    Raced {
        /// Namespace and name of the Secret.
        secret: String,
    },
}

/// Why a stack could not be locked.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// A request failed.
    #[error("could not lock the stack")]
    Call(#[source] CallError),
    /// Somebody asked to stop while it was waited for.
    #[error("interrupted while waiting for the lock")]
    Interrupted,
    /// Another run holds the lock.
    #[error("stack `{stack}` is locked by {holder} since {since}")]
    Held {
        /// The stack.
        stack: String,
        /// Who holds it.
        holder: String,
        /// Since when (RFC 3339).
        since: String,
    },
}
