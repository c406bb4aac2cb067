//! How is a certificate added to a stack?

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Secret;
use kube_core::ObjectMeta;

use super::{Certificate, TRUSTED, Validity};
use crate::{
    borrowed::Borrowed,
    reference::Ref,
    scope::{Module, Scope},
};

/// The annotation that says for which names a certificate is, so that a change of them is seen in a plan.
const NAMES: &str = "otelier.dev/certificate-for";

/// A certificate authority of a stack, in a Secret that no Pod may mount.
///
/// ```
/// # use provider_core::{GeneratedAuthority, GeneratedCertificate, Scope};
/// fn shop(stack: &mut Scope<'_>) {
///     let authority = stack.add(GeneratedAuthority::new("authority"));
///     stack.add(GeneratedCertificate::new("api-tls", &authority).name("api.shop.svc").name("127.0.0.1"));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct GeneratedAuthority {
    name: String,
    validity: Validity,
    overlap_days: u32,
}

/// A certificate that an authority of the stack signs, with its key and with what is to be trusted, in a Secret of
/// type `kubernetes.io/tls`: `tls.crt`, `tls.key` and `ca.crt`.
#[derive(Clone, Debug)]
pub struct GeneratedCertificate {
    name: String,
    authority: Ref<Secret>,
    names: BTreeSet<String>,
    validity: Validity,
}

impl GeneratedAuthority {
    /// One that lasts five years, has a successor one year before its end, and lets it sign a week later.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            validity: Validity {
                valid_days: 5 * 365,
                renewed_days_before: 365,
            },
            overlap_days: 7,
        }
    }

    /// How long it lasts, and how long before its end it gets a successor.
    #[must_use]
    pub fn validity(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// How many days a successor is trusted before it signs: long enough for every program to have read it.
    #[must_use]
    pub fn overlap(mut self, days: u32) -> Self {
        self.overlap_days = days;
        self
    }
}

impl GeneratedCertificate {
    /// One that lasts ninety days and is made anew thirty days before its end.
    pub fn new(name: impl Into<String>, authority: &Ref<Secret>) -> Self {
        Self {
            name: name.into(),
            authority: authority.clone(),
            names: BTreeSet::new(),
            validity: Validity {
                valid_days: 90,
                renewed_days_before: 30,
            },
        }
    }

    /// A DNS name or an address that it is for.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.insert(name.into());
        self
    }

    /// All of these.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.names.extend(names);
        self
    }

    /// How long it lasts, and how long before its end it is made anew.
    #[must_use]
    pub fn validity(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }
}

impl Module for GeneratedAuthority {
    type Outputs = Ref<Secret>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<Secret> {
        let secret = scope.add(secret(&self.name, BTreeMap::new()));
        let certificate = Certificate::Authority {
            name: scope.stack().to_owned(),
            validity: self.validity,
            overlap_days: self.overlap_days,
        };
        scope.certificate(&secret, certificate);
        secret
    }
}

impl Module for GeneratedCertificate {
    type Outputs = Ref<Secret>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<Secret> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let annotations = BTreeMap::from([(NAMES.to_owned(), names.join(", "))]);
        let secret = scope.add(secret(&self.name, annotations));
        let certificate = Certificate::Leaf {
            authority: self.authority.id().clone(),
            names: self.names,
            validity: self.validity,
        };
        scope.certificate(&secret, certificate);
        let trusted = Borrowed::stored(&self.authority, TRUSTED);
        scope.borrow(&secret, format!("/data/{TRUSTED}"), trusted);
        secret
    }
}

fn secret(name: &str, annotations: BTreeMap<String, String>) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/tls".into()),
        ..Secret::default()
    }
}
