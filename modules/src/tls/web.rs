//! What do Prometheus and its relatives read about TLS?

use provider_core::{Destination, Security};
use serde::{Deserialize, Serialize};

use super::{CERTIFICATE_FILE, KEY_FILE, TRUST_FILE};
use crate::{file::yaml, pod::Pod};

/// How a server is trusted, as all programs of the Prometheus family write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Who must have signed its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The name that the certificate must have, where the address is not it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The caller's own certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// Its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
}

#[derive(Serialize)]
struct WebConfig {
    tls_server_config: ServerConfig,
}

#[derive(Serialize)]
struct MeshConfig {
    tls_server_config: ServerConfig,
    tls_client_config: TlsConfig,
}

#[derive(Serialize)]
struct ServerConfig {
    cert_file: &'static str,
    key_file: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ca_file: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_auth_type: Option<&'static str>,
}

impl TlsConfig {
    /// How that place is trusted; none where it speaks in the open, or is trusted as everybody does.
    pub(crate) fn of(to: &Destination) -> Option<Self> {
        let own = matches!(to, Destination::Service(_)) && to.security() != Security::Plain;
        own.then(|| Self {
            ca_file: Some(TRUST_FILE.to_owned()),
            ..Self::default()
        })
    }

    /// The same for Pods that are called by their addresses, and have a certificate for that name.
    pub(crate) fn named(name: String) -> Self {
        Self {
            ca_file: Some(TRUST_FILE.to_owned()),
            server_name: Some(name),
            ..Self::default()
        }
    }
}

/// The file of `--web.config.file`.
pub(crate) fn web_config() -> String {
    yaml(&WebConfig {
        tls_server_config: ServerConfig {
            cert_file: CERTIFICATE_FILE,
            key_file: KEY_FILE,
            client_ca_file: None,
            client_auth_type: None,
        },
    })
}

/// The file of Alertmanager's `--cluster.tls-config`: members prove to each other who they are. They look each other
/// up first and call addresses, so the name that all of them have is said.
pub(crate) fn mesh_config(name: String) -> String {
    yaml(&MeshConfig {
        tls_server_config: ServerConfig {
            cert_file: CERTIFICATE_FILE,
            key_file: KEY_FILE,
            client_ca_file: Some(TRUST_FILE),
            client_auth_type: Some("RequireAndVerifyClientCert"),
        },
        tls_client_config: TlsConfig {
            cert_file: Some(CERTIFICATE_FILE.to_owned()),
            key_file: Some(KEY_FILE.to_owned()),
            ..TlsConfig::named(name)
        },
    })
}

/// Lets the node ask the Pod over TLS how it is; it believes every certificate.
pub(crate) fn probe_securely(pod: &mut Pod) {
    let container = &mut pod.container;
    for probe in [
        &mut container.startup_probe,
        &mut container.readiness_probe,
        &mut container.liveness_probe,
    ] {
        if let Some(http) = probe.as_mut().and_then(|probe| probe.http_get.as_mut()) {
            http.scheme = Some("HTTPS".to_owned());
        }
    }
}
