//! How does a program get its certificate, and learn whom to trust?

use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, KeyToPath, SecretVolumeSource, Volume,
};
use provider_core::{Borrowed, GeneratedCertificate, Scope, kube_core::ObjectMeta};

use super::{CertificateSource, Chosen, ask, cert_manager, half};
use crate::pod::Pod;

/// Which files a program reads again by itself when they have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// All of them: Prometheus' and Alertmanager's web servers, Elasticsearch.
    Everything,
    /// Its own certificate, and whom it trusts at its start only: collectors and Jaeger (`reload_interval`), the
    /// servers of Loki and Tempo, VictoriaMetrics.
    Certificate,
    /// None: Grafana, and the gossip of Alertmanager.
    Nothing,
}

/// A program that has a certificate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// The file with its certificate.
    pub(crate) certificate: &'static str,
    /// The file with its key.
    pub(crate) key: &'static str,
    /// The file with whom it trusts.
    pub(crate) trusted: &'static str,
}

/// The mark of what is in a Pod's files, by which it is made anew when they change.
const CERTIFICATE_MARK: &str = "otelier.dev/certificate";
const TRUST_MARK: &str = "otelier.dev/trust";

/// The volume with whom to trust.
const TRUST: &str = "trust";

/// Gives the Pods a certificate for the names of these Services and of each Pod behind them, and says whom to trust.
/// None where the stack speaks in the open.
pub(crate) fn serve(
    scope: &mut Scope<'_>,
    pod: &mut Pod,
    services: &[&str],
    reads: Reads,
) -> Option<Served> {
    let chosen = ask(scope)?;
    let own = [pod.name.as_str()];
    let names = services
        .iter()
        .chain(&own)
        .flat_map(|service| names(service, scope.namespace()));
    let names: Vec<String> = names.chain(own_names()).collect();
    let secret = format!("{}-tls", pod.name);
    match &chosen.source {
        CertificateSource::Generated(authority) => {
            let certificate = GeneratedCertificate::new(secret.as_str(), authority);
            let made = scope.add(certificate.names(names).validity(chosen.leaf));
            if reads == Reads::Nothing {
                let mark = Borrowed::fingerprint(&made, "tls.crt");
                pod.marks.insert(CERTIFICATE_MARK.to_owned(), mark);
            }
        }
        CertificateSource::CertManager(issuer) => {
            cert_manager::certificate(scope, &secret, issuer, names, chosen.leaf);
        }
    }
    pod.volumes.push(Volume {
        name: "tls".to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret),
            items: Some(vec![item("tls.crt"), item("tls.key")]),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    });
    pod.mount_read_only("tls", "/etc/otelier/tls");
    trust_chosen(scope, pod, reads, &chosen);
    Some(Served {
        certificate: super::CERTIFICATE_FILE,
        key: super::KEY_FILE,
        trusted: super::TRUST_FILE,
    })
}

/// Says whom to trust to Pods that only send. The file is given back; none where the stack speaks in the open.
pub(crate) fn trust(scope: &mut Scope<'_>, pod: &mut Pod, reads: Reads) -> Option<&'static str> {
    let chosen = ask(scope)?;
    trust_chosen(scope, pod, reads, &chosen);
    Some(super::TRUST_FILE)
}

/// Where it stands whom to trust, for what runs outside the stack: a kind, and a name in each namespace in which
/// something trusts. None where the stack speaks in the open.
pub(crate) fn trusted_in(scope: &mut Scope<'_>) -> Option<(&'static str, String)> {
    let kind = match ask(scope)?.source {
        CertificateSource::Generated(_) => "ConfigMap",
        CertificateSource::CertManager(_) => "Secret",
    };
    Some((kind, format!("{}-trust", scope.stack())))
}

fn trust_chosen(scope: &mut Scope<'_>, pod: &mut Pod, reads: Reads, chosen: &Chosen) {
    if pod.volumes.iter().any(|volume| volume.name == TRUST) {
        return;
    }
    half::trusts(scope, &pod.name);
    let name = format!("{}-trust", scope.stack());
    let is_new = half::first_in_namespace(scope);
    let mut volume = Volume {
        name: TRUST.to_owned(),
        ..Volume::default()
    };
    match &chosen.source {
        CertificateSource::Generated(authority) => {
            if is_new {
                let trust = scope.add(ConfigMap {
                    metadata: ObjectMeta {
                        name: Some(name.clone()),
                        ..ObjectMeta::default()
                    },
                    ..ConfigMap::default()
                });
                scope.borrow(&trust, "/data/ca.crt", Borrowed::text(authority, "ca.crt"));
            }
            if reads != Reads::Everything {
                let mark = Borrowed::fingerprint(authority, "ca.crt");
                pod.marks.insert(TRUST_MARK.to_owned(), mark);
            }
            volume.config_map = Some(ConfigMapVolumeSource {
                name,
                items: Some(vec![item("ca.crt")]),
                ..ConfigMapVolumeSource::default()
            });
        }
        CertificateSource::CertManager(issuer) => {
            // Whom to trust stands beside each certificate that cert-manager makes, so one is made for nothing else.
            if is_new {
                cert_manager::certificate(scope, &name, issuer, own_names().into(), chosen.leaf);
            }
            volume.secret = Some(SecretVolumeSource {
                secret_name: Some(name),
                items: Some(vec![item("ca.crt")]),
                ..SecretVolumeSource::default()
            });
        }
    }
    pod.volumes.push(volume);
    pod.mount_read_only(TRUST, "/etc/otelier/trust");
}

fn item(key: &str) -> KeyToPath {
    KeyToPath {
        key: key.to_owned(),
        path: key.to_owned(),
        ..KeyToPath::default()
    }
}

/// What a Service is called from near and far, and any Pod behind it: a further replica needs no other certificate,
/// and resolvers name Pods with and without the end.
fn names(service: &str, namespace: &str) -> Vec<String> {
    let far = ["", ".svc", ".svc.cluster.local"];
    let far = far.map(|end| format!("{service}.{namespace}{end}"));
    let pods = far.clone().map(|name| format!("*.{name}"));
    [service.to_owned()]
        .into_iter()
        .chain(far)
        .chain(pods)
        .collect()
}

/// What a program calls itself.
fn own_names() -> [String; 3] {
    ["localhost", "127.0.0.1", "::1"].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_service_has_names_from_near_and_far_and_so_have_its_pods() {
        assert_eq!(
            names("api", "shop"),
            [
                "api",
                "api.shop",
                "api.shop.svc",
                "api.shop.svc.cluster.local",
                "*.api.shop",
                "*.api.shop.svc",
                "*.api.shop.svc.cluster.local",
            ]
        );
    }
}
