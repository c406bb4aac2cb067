//! What does a route of the Gateway API look like? As much of it as a site needs; its definition is the cluster's.

use std::borrow::Cow;

use provider_core::kube_core::{NamespaceResourceScope, ObjectMeta, Resource};
use serde::Serialize;

/// `HTTPRoute` of `gateway.networking.k8s.io/v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HttpRoute {
    /// What it is called.
    pub metadata: ObjectMeta,
    /// What it is to do.
    pub spec: HttpRouteSpec,
}

/// What a route is to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// The Gateways that it belongs to.
    pub parent_refs: Vec<ParentRef>,
    /// The names that it answers to.
    pub hostnames: Vec<String>,
    /// What goes where.
    pub rules: Vec<HttpRouteRule>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// The Gateway's namespace.
    pub namespace: String,
    /// The Gateway.
    pub name: String,
    /// The listener.
    pub section_name: String,
}

/// What goes where.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRule {
    /// Which requests.
    pub matches: Vec<HttpRouteMatch>,
    /// To which Services.
    pub backend_refs: Vec<BackendRef>,
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HttpRouteMatch {
    /// Those with such a path.
    pub path: PathMatch,
}

/// Which paths.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PathMatch {
    /// How it is compared.
    #[serde(rename = "type")]
    pub kind: String,
    /// With what.
    pub value: String,
}

/// A Service of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackendRef {
    /// The Service.
    pub name: String,
    /// Its port.
    pub port: u16,
}

impl Resource for HttpRoute {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "HTTPRoute".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "gateway.networking.k8s.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "httproutes".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
