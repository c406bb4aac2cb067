//! What do people come through, and who proves there that it is the right place?

use std::collections::BTreeMap;

use k8s_openapi::api::{
    core::v1::Secret,
    networking::v1::{
        HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressClass, IngressRule,
        IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
    },
};
use provider_core::{
    Destination, Kind, KindScope, Ref, Scope, Security, ServiceDestination, Source,
    kube_core::{ObjectMeta, Resource as _},
};

use super::policy::BackendTlsPolicy;
use super::route::{
    BackendRef, HttpRoute, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentRef, PathMatch,
};

use crate::tls;

/// What people come through.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// An ingress controller.
    Ingress(IngressEntrance),
    /// A Gateway.
    Gateway(GatewayEntrance),
}

/// An ingress controller that the cluster has.
#[derive(Clone, Debug)]
pub struct IngressEntrance {
    class: String,
    namespace: String,
    certificate: Option<Certificate>,
    annotations: BTreeMap<String, String>,
    secured: Option<(String, String)>,
}

/// Where a site's certificate comes from.
#[derive(Clone, Debug)]
enum Certificate {
    /// cert-manager makes one for each, from that `ClusterIssuer`.
    Issuer(String),
    /// One for all of them, in a Secret.
    Secret(Ref<Secret>),
}

/// A Gateway that the cluster has, with its certificates.
#[derive(Clone, Debug)]
pub struct GatewayEntrance {
    namespace: String,
    name: String,
    listener: String,
    pods: String,
}

impl Entrance {
    /// The ingress controller of that class, whose Pods run in that namespace.
    pub fn ingress(class: &str, namespace: &str) -> IngressEntrance {
        IngressEntrance {
            class: class.to_owned(),
            namespace: namespace.to_owned(),
            certificate: None,
            annotations: BTreeMap::new(),
            secured: None,
        }
    }

    /// The Gateway of that namespace and name, with its listener `https`. The Gateway says which namespaces may come
    /// in.
    pub fn gateway(namespace: &str, name: &str) -> GatewayEntrance {
        GatewayEntrance {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            listener: "https".to_owned(),
            pods: namespace.to_owned(),
        }
    }

    /// The Pods that come from there.
    pub(super) fn pods(&self) -> Source {
        match self {
            Entrance::Ingress(ingress) => Source::namespace(&ingress.namespace),
            Entrance::Gateway(gateway) => Source::namespace(&gateway.pods),
        }
    }

    /// What is wrong with it, and what would mend it.
    pub(super) fn wrong(&self, to: &Destination) -> Option<(String, &'static str)> {
        match self {
            Entrance::Ingress(ingress) if to.is_secured() && ingress.secured.is_none() => Some((
                "its controller does not know that the Service speaks TLS".to_owned(),
                "say the annotation that tells it with `speaks_tls`, such as \
                 `nginx.ingress.kubernetes.io/backend-protocol` and `HTTPS`",
            )),
            Entrance::Ingress(ingress) if ingress.certificate.is_none() => Some((
                "passwords would travel in the open".to_owned(),
                "give the entrance certificates with `issuer` or `certificate`",
            )),
            Entrance::Ingress(_) | Entrance::Gateway(_) => None,
        }
    }
}

impl IngressEntrance {
    /// cert-manager makes a certificate for each site, from that `ClusterIssuer`.
    #[must_use]
    pub fn issuer(mut self, cluster_issuer: &str) -> Self {
        self.certificate = Some(Certificate::Issuer(cluster_issuer.to_owned()));
        self
    }

    /// One certificate for all sites, in a Secret of the namespace that the sites' Services are in.
    #[must_use]
    pub fn certificate(mut self, secret: &Ref<Secret>) -> Self {
        self.certificate = Some(Certificate::Secret(secret.clone()));
        self
    }

    /// What only this controller knows.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// What tells this controller that a Service speaks TLS; said where the stack does, and left out elsewhere.
    #[must_use]
    pub fn speaks_tls(mut self, annotation: &str, value: &str) -> Self {
        self.secured = Some((annotation.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn open(&self, scope: &mut Scope<'_>, host: &str, to: &ServiceDestination) {
        let namespace = to.service.namespace.clone().unwrap_or_default();
        scope.existing::<IngressClass>(&self.class);
        let mut annotations = self.annotations.clone();
        annotations.extend(
            self.secured
                .clone()
                .filter(|_| to.security != Security::Plain),
        );
        let secret = match &self.certificate {
            Some(Certificate::Issuer(issuer)) => {
                annotations.insert("cert-manager.io/cluster-issuer".to_owned(), issuer.clone());
                scope.existing_of(tls::cluster_issuer(), &namespace, issuer);
                let name = format!("{host}-tls");
                // It is there as soon as cert-manager has seen the Ingress.
                scope.awaited_in::<Secret>(namespace.as_str(), &name);
                Some(name)
            }
            Some(Certificate::Secret(secret)) => Some(secret.name().to_owned()),
            None => None,
        };
        let tls = secret.map(|secret| IngressTLS {
            hosts: Some(vec![host.to_owned()]),
            secret_name: Some(secret),
        });
        scope.add(Ingress {
            metadata: ObjectMeta {
                name: Some(host.to_owned()),
                namespace: Some(namespace),
                annotations: (!annotations.is_empty()).then_some(annotations),
                ..ObjectMeta::default()
            },
            spec: Some(IngressSpec {
                ingress_class_name: Some(self.class.clone()),
                rules: Some(vec![rule(host, &to.service.name, &to.port_name)]),
                tls: tls.map(|tls| vec![tls]),
                ..IngressSpec::default()
            }),
            ..Ingress::default()
        });
    }
}

fn rule(host: &str, service: &str, port: &str) -> IngressRule {
    let backend = IngressServiceBackend {
        name: service.to_owned(),
        port: Some(ServiceBackendPort {
            name: Some(port.to_owned()),
            ..ServiceBackendPort::default()
        }),
    };
    let path = HTTPIngressPath {
        path: Some("/".to_owned()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend {
            service: Some(backend),
            ..IngressBackend::default()
        },
    };
    IngressRule {
        host: Some(host.to_owned()),
        http: Some(HTTPIngressRuleValue { paths: vec![path] }),
    }
}

impl GatewayEntrance {
    /// Another of its listeners. It must be one with TLS.
    #[must_use]
    pub fn listener(mut self, name: &str) -> Self {
        name.clone_into(&mut self.listener);
        self
    }

    /// Its Pods run in that namespace, and not in its own.
    #[must_use]
    pub fn pods_in(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.pods);
        self
    }

    pub(super) fn open(&self, scope: &mut Scope<'_>, host: &str, to: &ServiceDestination) {
        let gateway = Kind {
            group: HttpRoute::group(&()).into_owned(),
            version: HttpRoute::version(&()).into_owned(),
            kind: "Gateway".to_owned(),
            plural: "gateways".to_owned(),
            scope: KindScope::Namespaced,
        };
        scope.existing_of(gateway, &self.namespace, &self.name);
        let namespace = to.service.namespace.clone().unwrap_or_default();
        scope.add(self.route(host, &namespace, &to.service.name, to.port));
        if to.security == Security::Plain {
            return;
        }
        if let Some((kind, name)) = tls::trusted_in(scope) {
            let service = to.service.name.as_str();
            scope.add(BackendTlsPolicy::of(
                host,
                &namespace,
                service,
                (kind, &name),
            ));
        }
    }

    fn route(&self, host: &str, namespace: &str, service: &str, port: u16) -> HttpRoute {
        let rule = HttpRouteRule {
            matches: vec![HttpRouteMatch {
                path: PathMatch {
                    kind: "PathPrefix".to_owned(),
                    value: "/".to_owned(),
                },
            }],
            backend_refs: vec![BackendRef {
                name: service.to_owned(),
                port,
            }],
        };
        HttpRoute {
            metadata: ObjectMeta {
                name: Some(host.to_owned()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            spec: HttpRouteSpec {
                parent_refs: vec![ParentRef {
                    namespace: self.namespace.clone(),
                    name: self.name.clone(),
                    section_name: self.listener.clone(),
                }],
                hostnames: vec![host.to_owned()],
                rules: vec![rule],
            },
        }
    }
}

impl From<IngressEntrance> for Entrance {
    fn from(entrance: IngressEntrance) -> Self {
        Entrance::Ingress(entrance)
    }
}

impl From<GatewayEntrance> for Entrance {
    fn from(entrance: GatewayEntrance) -> Self {
        Entrance::Gateway(entrance)
    }
}
