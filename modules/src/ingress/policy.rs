//! How does a Gateway come to speak TLS with what it leads to? By a policy of the Gateway API for the Service.

use std::borrow::Cow;

use provider_core::kube_core::{NamespaceResourceScope, ObjectMeta, Resource};
use serde::Serialize;

/// `BackendTLSPolicy` of `gateway.networking.k8s.io/v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackendTlsPolicy {
    /// What it is called.
    pub metadata: ObjectMeta,
    /// What it asks.
    pub spec: BackendTlsSpec,
}

/// What is asked of a Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendTlsSpec {
    /// The Services.
    pub target_refs: Vec<ObjectRef>,
    /// What they have to prove.
    pub validation: Validation,
}

/// An object of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ObjectRef {
    /// Its API group; empty for the core.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What a Service has to prove.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// Who vouches for it.
    pub ca_certificate_refs: Vec<ObjectRef>,
    /// Its name.
    pub hostname: String,
}

impl BackendTlsPolicy {
    /// The Service has a certificate for its own name, from whoever stands in the object `(kind, name)`.
    pub(super) fn of(host: &str, namespace: &str, service: &str, trusted: (&str, &str)) -> Self {
        let object = |kind: &str, name: &str| ObjectRef {
            group: String::new(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        };
        Self {
            metadata: ObjectMeta {
                name: Some(host.to_owned()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            spec: BackendTlsSpec {
                target_refs: vec![object("Service", service)],
                validation: Validation {
                    ca_certificate_refs: vec![object(trusted.0, trusted.1)],
                    hostname: format!("{service}.{namespace}.svc"),
                },
            },
        }
    }
}

impl Resource for BackendTlsPolicy {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "BackendTLSPolicy".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "gateway.networking.k8s.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "backendtlspolicies".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
