//! How does a Pod show that it may use a bucket?

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{KeyToPath, Secret, SecretVolumeSource, ServiceAccount, Volume};
use provider_core::{Destination, Ref, Scope, Security, Transport, kube_core::ObjectMeta};

use crate::pod::Pod;

const KEY_FILE: &str = "/var/run/secrets/object-store";

/// How a Pod shows that it may.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// Two keys of a Secret, as the variables that every client of S3 reads.
    Keys {
        secret: Ref<Secret>,
        id: String,
        key: String,
    },
    /// A file in a Secret, whose path every client of Google's reads from a variable.
    KeyFile { secret: Ref<Secret>, key: String },
    /// By what its ServiceAccount says, and whom it has to ask.
    Identity {
        annotations: Vec<(String, String)>,
        asks: Vec<Destination>,
    },
}

impl Access {
    pub(super) fn annotations(&self) -> Vec<(String, String)> {
        match self {
            Access::Identity { annotations, .. } => annotations.clone(),
            Access::Keys { .. } | Access::KeyFile { .. } => Vec::new(),
        }
    }

    pub(super) fn destinations(&self) -> Vec<Destination> {
        match self {
            Access::Identity { asks, .. } => asks.clone(),
            // A key of Google's is not sent: it signs a question for a token.
            Access::KeyFile { .. } => vec![outside("oauth2.googleapis.com", 443)],
            Access::Keys { .. } => Vec::new(),
        }
    }

    pub(super) fn attach(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        match self {
            Access::Keys { secret, id, key } => {
                pod.env_from("AWS_ACCESS_KEY_ID", secret.key(id));
                pod.env_from("AWS_SECRET_ACCESS_KEY", secret.key(key));
            }
            Access::KeyFile { secret, key } => {
                pod.volumes.push(key_file(secret, key));
                pod.mount_read_only("object-store", KEY_FILE);
                pod.env(
                    "GOOGLE_APPLICATION_CREDENTIALS",
                    format!("{KEY_FILE}/key.json"),
                );
            }
            Access::Identity { annotations, .. } if pod.account.is_none() => {
                let account = scope.add(account(&pod.name, annotations));
                pod.identity = Some(account.name().to_owned());
            }
            Access::Identity { .. } => {}
        }
    }
}

fn key_file(secret: &Ref<Secret>, key: &str) -> Volume {
    let item = KeyToPath {
        key: key.to_owned(),
        path: "key.json".to_owned(),
        ..KeyToPath::default()
    };
    Volume {
        name: "object-store".to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret.name().to_owned()),
            items: Some(vec![item]),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// An account for what the cloud makes of it; it gives no rights in the cluster, and its token is mounted nowhere.
fn account(name: &str, annotations: &[(String, String)]) -> ServiceAccount {
    let annotations: BTreeMap<_, _> = annotations.iter().cloned().collect();
    ServiceAccount {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            annotations: (!annotations.is_empty()).then_some(annotations),
            ..ObjectMeta::default()
        },
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

pub(super) fn outside(host: &str, port: u16) -> Destination {
    let security = if port == 443 {
        Security::Tls
    } else {
        Security::Plain
    };
    secured(host, port, security)
}

pub(super) fn secured(host: &str, port: u16, security: Security) -> Destination {
    Destination::Outside {
        host: host.to_owned(),
        port,
        transport: Transport::Tcp,
        security,
    }
}
