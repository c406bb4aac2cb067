//! An in-process Kubernetes API.
//!
//! A [`Sandbox`] answers as a Kubernetes 1.36 API server does, as far as `tests/conformance` compares
//! them: create, read, change, server-side apply, list, watch, delete, discovery, custom resources.
//! It is a [`tower::Service`] of HTTP requests, so a `kube::Client` needs no socket:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{Controllers, Sandbox};
//!
//! let sandbox = Sandbox::new().controllers(Controllers::Off); // forgets everything when dropped
//! let client = sandbox.client();                              // a `kube::Client`, no socket
//! let version = client.apiserver_version().await?;
//! assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "36"));
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let server = sandbox.serve(listener)?;                      // the same world over HTTP
//! let kubeconfig = sandbox::kubeconfig(server.address());     // for `kubectl --kubeconfig`
//! # assert!(kubeconfig.contains("current-context"));
//! server.stop().await;
//! # Ok(()) }
//! ```
//!
//! [`Sandbox::open`] keeps its objects in a directory instead, which several processes may use one after
//! another and at once. With [`Controllers::On`] (the default) workloads become ready within milliseconds.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod admission;
mod answer;
mod custom;
mod definitions;
mod discovery;
mod fault;
mod kubeconfig;
mod merge;
mod query;
mod random;
mod reconcile;
mod registry;
mod represent;
mod route;
mod sandbox;
mod schemas;
mod selector;
mod serve;
mod status;
mod store;
mod verbs;
mod world;

pub use answer::AnswerBody;
pub use fault::{Fault, Faults, Gone, Rule};
pub use kubeconfig::{CONTEXT, kubeconfig};
pub use reconcile::FAIL;
pub use sandbox::{Controllers, Sandbox};
pub use serve::Server;
pub use store::StoreError;
