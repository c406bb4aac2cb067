//! How is a program certified that the API server calls, and how does the API server learn whom to trust?
//!
//! It calls over TLS alone, also in a stack that speaks in the open otherwise: then the program has an authority of its
//! own.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    admissionregistration::v1::MutatingWebhookConfiguration,
    core::v1::{Secret, SecretVolumeSource, Volume},
};
use provider_core::{Borrowed, GeneratedAuthority, GeneratedCertificate, Ref, Scope, Validity};

use super::{CertificateSource, Reads, ask, serve};
use crate::pod::Pod;

/// Who vouches for a program to the API server.
pub(crate) enum Voucher {
    /// The authority in this Secret.
    Authority(Ref<Secret>),
    /// Whoever cert-manager asked for this certificate: it writes down whom to trust by itself.
    CertManager(String),
}

/// What asks cert-manager to write it down.
const INJECT: &str = "cert-manager.io/inject-ca-from";

/// Gives the Pods a certificate for the name by which the API server calls their Service.
pub(crate) fn certify_webhook(scope: &mut Scope<'_>, pod: &mut Pod, service: &str) -> Voucher {
    let Some(chosen) = ask(scope) else {
        return certify_alone(scope, pod, service);
    };
    serve(scope, pod, &[service], Reads::Everything);
    match chosen.source {
        CertificateSource::Generated(authority) => Voucher::Authority(authority),
        CertificateSource::CertManager(_) => {
            Voucher::CertManager(format!("{}/{}-tls", scope.namespace(), pod.name))
        }
    }
}

fn certify_alone(scope: &mut Scope<'_>, pod: &mut Pod, service: &str) -> Voucher {
    let authority = scope.add(GeneratedAuthority::new(format!("{}-authority", pod.name)));
    let certificate = GeneratedCertificate::new(format!("{}-tls", pod.name), &authority)
        .name(format!("{service}.{}.svc", scope.namespace()))
        // Nobody may run `up` for a while, and Pods wait for it.
        .validity(Validity {
            valid_days: 365,
            renewed_days_before: 180,
        });
    let certificate = scope.add(certificate);
    pod.volumes.push(Volume {
        name: "tls".to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(certificate.name().to_owned()),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    });
    pod.mount_read_only("tls", "/etc/otelier/tls");
    Voucher::Authority(authority)
}

impl Voucher {
    /// The annotations that a webhook's configuration bears.
    pub(crate) fn annotations(&self) -> Option<BTreeMap<String, String>> {
        match self {
            Voucher::Authority(_) => None,
            Voucher::CertManager(certificate) => {
                Some(BTreeMap::from([(INJECT.to_owned(), certificate.clone())]))
            }
        }
    }

    /// Tells the API server whom to trust when it calls the first webhook of a configuration.
    pub(crate) fn vouch(&self, scope: &mut Scope<'_>, webhook: &Ref<MutatingWebhookConfiguration>) {
        if let Voucher::Authority(authority) = self {
            let trusted = Borrowed::stored(authority, "ca.crt");
            scope.borrow(webhook, "/webhooks/0/clientConfig/caBundle", trusted);
        }
    }
}
