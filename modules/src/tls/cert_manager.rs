//! How does cert-manager make the certificates?

use std::borrow::Cow;

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, api::core::v1::Secret};
use provider_core::{
    Kind, Scope, Validity,
    kube_core::{ObjectMeta, Resource},
};
use serde::Serialize;

/// Where cert-manager lives, and looks for the Secrets of issuers of the whole cluster.
const HOME: &str = "cert-manager";

/// Who signs, as cert-manager knows them.
#[derive(Clone, Debug)]
pub enum Issuer {
    /// A `ClusterIssuer` that is there already.
    Cluster(String),
    /// An `Issuer` of the stack's namespace that is there already; nothing may then run in another namespace.
    Namespaced(String),
    /// A self-signed authority of the stack's own, which cert-manager makes and keeps in its namespace.
    Own,
}

#[derive(Clone, Debug, Serialize)]
struct Certificate {
    metadata: ObjectMeta,
    spec: CertificateSpec,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateSpec {
    secret_name: String,
    issuer_ref: IssuerRef,
    duration: String,
    renew_before: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "isCA")]
    is_ca: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dns_names: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usages: Vec<&'static str>,
    private_key: PrivateKey,
}

#[derive(Clone, Debug, Serialize)]
struct IssuerRef {
    group: &'static str,
    kind: &'static str,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrivateKey {
    algorithm: &'static str,
    size: u16,
    rotation_policy: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct ClusterIssuer {
    metadata: ObjectMeta,
    spec: IssuerSpec,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum IssuerSpec {
    SelfSigned {},
    Ca {
        #[serde(rename = "secretName")]
        secret_name: String,
    },
}

macro_rules! served {
    ($($kind:ident, $plural:literal, $scope:ty;)*) => {
        $(impl Resource for $kind {
            type DynamicType = ();
            type Scope = $scope;

            fn kind((): &()) -> Cow<'_, str> {
                stringify!($kind).into()
            }

            fn group((): &()) -> Cow<'_, str> {
                "cert-manager.io".into()
            }

            fn version((): &()) -> Cow<'_, str> {
                "v1".into()
            }

            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        })*
    };
}

served! {
    Certificate, "certificates", NamespaceResourceScope;
    ClusterIssuer, "clusterissuers", ClusterResourceScope;
}

impl Issuer {
    /// Adds what has to be there before anything can be signed.
    pub(super) fn prepare(&self, scope: &mut Scope<'_>) {
        match self {
            Issuer::Cluster(name) => {
                scope.existing::<ClusterIssuer>(name);
                return;
            }
            Issuer::Namespaced(name) => {
                let kind = Kind {
                    kind: "Issuer".to_owned(),
                    plural: "issuers".to_owned(),
                    ..Kind::of::<Certificate>()
                };
                let namespace = scope.namespace().to_owned();
                scope.existing_of(kind, &namespace, name);
                return;
            }
            Issuer::Own => {}
        }
        let (first, name) = (format!("{}-self-signed", scope.stack()), own(scope));
        scope.add(ClusterIssuer {
            metadata: named(&first),
            spec: IssuerSpec::SelfSigned {},
        });
        let spec = CertificateSpec {
            common_name: Some(format!("{} authority", scope.stack())),
            is_ca: Some(true),
            ..CertificateSpec::of(
                &name,
                IssuerRef::cluster(&first),
                Vec::new(),
                Validity {
                    valid_days: 5 * 365,
                    renewed_days_before: 365,
                },
            )
        };
        let metadata = named(&name);
        scope.within_foreign(HOME, |scope| scope.add(Certificate { metadata, spec }));
        scope.add(ClusterIssuer {
            metadata: named(&name),
            spec: IssuerSpec::Ca { secret_name: name },
        });
    }

    fn reference(&self, scope: &Scope<'_>) -> IssuerRef {
        match self {
            Issuer::Cluster(name) => IssuerRef::cluster(name),
            Issuer::Own => IssuerRef::cluster(&own(scope)),
            Issuer::Namespaced(name) => IssuerRef {
                kind: "Issuer",
                ..IssuerRef::cluster(name)
            },
        }
    }
}

/// The kind of those that sign for the whole cluster.
pub(crate) fn cluster_issuer() -> Kind {
    Kind::of::<ClusterIssuer>()
}

/// Issuers of the whole cluster share one namespace of names with everyone.
fn own(scope: &Scope<'_>) -> String {
    format!("{}-authority", scope.stack())
}

/// Asks for a certificate; cert-manager puts it into a Secret of the same name.
pub(super) fn certificate(
    scope: &mut Scope<'_>,
    name: &str,
    issuer: &Issuer,
    names: Vec<String>,
    validity: Validity,
) {
    let spec = CertificateSpec::of(name, issuer.reference(scope), names, validity);
    let metadata = named(name);
    scope.add(Certificate { metadata, spec });
    scope.awaited::<Secret>(name);
}

impl IssuerRef {
    fn cluster(name: &str) -> Self {
        Self {
            group: "cert-manager.io",
            kind: "ClusterIssuer",
            name: name.to_owned(),
        }
    }
}

impl CertificateSpec {
    fn of(name: &str, issuer_ref: IssuerRef, names: Vec<String>, validity: Validity) -> Self {
        let is_address = |name: &String| name.parse::<std::net::IpAddr>().is_ok();
        let (ip_addresses, dns_names): (Vec<_>, Vec<_>) = names.into_iter().partition(is_address);
        let hours = |days: u32| format!("{}h", 24 * u64::from(days));
        let usages = if dns_names.is_empty() {
            Vec::new()
        } else {
            vec!["digital signature", "server auth", "client auth"]
        };
        Self {
            secret_name: name.to_owned(),
            issuer_ref,
            duration: hours(validity.valid_days),
            renew_before: hours(validity.renewed_days_before),
            common_name: None,
            is_ca: None,
            dns_names,
            ip_addresses,
            usages,
            private_key: PrivateKey {
                algorithm: "ECDSA",
                size: 256,
                rotation_policy: "Always",
            },
        }
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}
