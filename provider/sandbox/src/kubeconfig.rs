//! How does `kubectl` find a served sandbox?

use std::net::SocketAddr;

/// The name of the context in [`kubeconfig`].
pub const CONTEXT: &str = "sandbox";

/// A kubeconfig for a sandbox that is served at `address`; `kubectl` accepts it as it is.
pub fn kubeconfig(address: SocketAddr) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {CONTEXT}
  cluster:
    server: http://{address}
contexts:
- name: {CONTEXT}
  context:
    cluster: {CONTEXT}
    user: {CONTEXT}
    namespace: default
users:
- name: {CONTEXT}
  user: {{}}
current-context: {CONTEXT}
"
    )
}
