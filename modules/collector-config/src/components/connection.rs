//! How connections are made and accepted: TLS, authentication, keepalive.

use serde::{Deserialize, Serialize};

use crate::{ComponentId, Duration};

settings! {
    /// TLS on the side that calls.
    #[derive(Eq)]
    pub struct ClientTls {
        /// Whether there is none at all.
        pub insecure: bool,
        /// Whether any certificate will do.
        pub insecure_skip_verify: bool,
        /// The certificate authority that the server's certificate must come from.
        pub ca_file: Option<String>,
        /// The same as text.
        pub ca_pem: Option<String>,
        /// Whether the system's authorities count too.
        pub include_system_ca_certs_pool: bool,
        /// The client's own certificate.
        pub cert_file: Option<String>,
        /// The same as text.
        pub cert_pem: Option<String>,
        /// Its key.
        pub key_file: Option<String>,
        /// The same as text; better a placeholder than itself.
        pub key_pem: Option<String>,
        /// The name that the server's certificate must have, where the address is not it.
        pub server_name_override: Option<String>,
        /// How often the files are read again.
        pub reload_interval: Option<Duration>,
        /// The oldest version of TLS: 1.2 where nothing is said.
        pub min_version: Option<TlsVersion>,
        /// The newest version of TLS.
        pub max_version: Option<TlsVersion>,
        /// Which ciphers; safe ones, where nothing is said.
        pub cipher_suites: Vec<String>,
        /// Whether ciphers may be named that are not safe.
        pub include_insecure_cipher_suites: bool,
        /// Which curves, the best first.
        pub curve_preferences: Vec<String>,
        /// The module that keeps the key, if one does.
        pub tpm: Option<Tpm>,
    }

    /// A module (TPM 2.0) that keeps the key of a certificate.
    #[derive(Eq)]
    pub struct Tpm {
        /// Whether it does.
        pub enabled: bool,
        /// Where it is.
        pub path: Option<String>,
        /// The password of its owner; better a placeholder than itself.
        pub owner_auth: Option<String>,
        /// The password of the key; better a placeholder than itself.
        pub auth: Option<String>,
    }

    /// TLS on the side that is called.
    #[derive(Eq)]
    pub struct ServerTls {
        /// The server's certificate.
        pub cert_file: Option<String>,
        /// The same as text.
        pub cert_pem: Option<String>,
        /// Its key.
        pub key_file: Option<String>,
        /// The same as text; better a placeholder than itself.
        pub key_pem: Option<String>,
        /// The certificate authority that clients' certificates must come from; asks for one.
        pub client_ca_file: Option<String>,
        /// Whether that file is read again when it changes.
        pub client_ca_file_reload: bool,
        /// An authority that is of no use on this side.
        pub ca_file: Option<String>,
        /// The same as text.
        pub ca_pem: Option<String>,
        /// Whether the system's authorities count too: of no use on this side either.
        pub include_system_ca_certs_pool: bool,
        /// How often the files of the certificate are read again.
        pub reload_interval: Option<Duration>,
        /// The oldest version of TLS: 1.2 where nothing is said.
        pub min_version: Option<TlsVersion>,
        /// The newest version of TLS.
        pub max_version: Option<TlsVersion>,
        /// Which ciphers; safe ones, where nothing is said.
        pub cipher_suites: Vec<String>,
        /// Whether ciphers may be named that are not safe.
        pub include_insecure_cipher_suites: bool,
        /// Which curves, the best first.
        pub curve_preferences: Vec<String>,
        /// The module that keeps the key, if one does.
        pub tpm: Option<Tpm>,
    }

    /// Who one is, or has to be.
    #[derive(Eq)]
    pub struct Auth {
        /// The extension that says so, or makes sure of it.
        pub authenticator: Option<ComponentId>,
        /// Parameters of requests that it gets to see; HTTP servers only.
        pub request_params: Vec<String>,
    }

    /// Keepalive of a gRPC server.
    #[derive(Eq)]
    pub struct Keepalive {
        /// When connections are ended.
        pub server_parameters: Option<ServerParameters>,
        /// What clients may do to keep a connection alive.
        pub enforcement_policy: Option<Enforcement>,
    }

    /// When a gRPC server ends connections.
    #[derive(Eq)]
    pub struct ServerParameters {
        /// The age at which clients are asked to connect anew. Without it an HTTP/2 connection stays with the replica
        /// that it found first, and new replicas get nothing.
        pub max_connection_age: Option<Duration>,
        /// How long calls under way may go on after that.
        pub max_connection_age_grace: Option<Duration>,
        /// How long a connection may be idle.
        pub max_connection_idle: Option<Duration>,
        /// After how much silence a ping is sent.
        pub time: Option<Duration>,
        /// How long the answer to it may take.
        pub timeout: Option<Duration>,
    }

    /// What clients may do to keep a connection alive; who does more is sent away.
    #[derive(Eq)]
    pub struct Enforcement {
        /// How long they have to wait between two pings: 5 min where nothing is said.
        pub min_time: Option<Duration>,
        /// Whether they may send pings while nothing is under way.
        pub permit_without_stream: bool,
    }

    /// Keepalive of a gRPC client.
    #[derive(Eq)]
    pub struct ClientKeepalive {
        /// After how much silence a ping is sent.
        pub time: Option<Duration>,
        /// How long the answer to it may take.
        pub timeout: Option<Duration>,
        /// Whether pings are sent while nothing is under way.
        pub permit_without_stream: bool,
    }

    /// An extension that looks at requests.
    #[derive(Eq)]
    pub struct Middleware {
        /// Which.
        pub id: Option<ComponentId>,
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TlsVersion {
    /// 1.0, which is broken.
    #[serde(rename = "1.0")]
    Tls10,
    /// 1.1, which is broken.
    #[serde(rename = "1.1")]
    Tls11,
    /// 1.2.
    #[serde(rename = "1.2")]
    Tls12,
    /// 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

impl ClientTls {
    /// No TLS.
    pub fn none() -> Self {
        Self {
            insecure: true,
            ..Self::default()
        }
    }

    /// TLS with a server whose certificate comes from this authority, looked at again every hour.
    pub fn trusting(ca_file: &str) -> Self {
        Self {
            ca_file: Some(ca_file.to_owned()),
            reload_interval: Some(Duration::hours(1)),
            ..Self::default()
        }
    }

    /// What the program would refuse.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let cert = (self.cert_file.is_some(), self.cert_pem.is_some());
        let key = (self.key_file.is_some(), self.key_pem.is_some());
        let mut found = pair(cert, key);
        if self.ca_file.is_some() && self.ca_pem.is_some() {
            found.push("tls: either `ca_file` or `ca_pem`, not both");
        }
        found.extend(versions(self.min_version, self.max_version));
        found.into_iter().map(ToOwned::to_owned).collect()
    }
}

impl ServerTls {
    /// A certificate with its key, looked at again every hour.
    pub fn of(cert_file: &str, key_file: &str) -> Self {
        Self {
            cert_file: Some(cert_file.to_owned()),
            key_file: Some(key_file.to_owned()),
            reload_interval: Some(Duration::hours(1)),
            ..Self::default()
        }
    }

    /// What the program would refuse.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let cert = (self.cert_file.is_some(), self.cert_pem.is_some());
        let key = (self.key_file.is_some(), self.key_pem.is_some());
        let mut found = pair(cert, key);
        if cert == (false, false) && key == (false, false) {
            found.push("tls: a server needs a certificate and its key");
        }
        if self.ca_file.is_some() && self.ca_pem.is_some() {
            found.push("tls: either `ca_file` or `ca_pem`, not both");
        }
        found.extend(versions(self.min_version, self.max_version));
        found.into_iter().map(ToOwned::to_owned).collect()
    }
}

/// What is wrong with a certificate and a key, each given as a file or as text.
fn pair(cert: (bool, bool), key: (bool, bool)) -> Vec<&'static str> {
    let rules = [
        (
            cert.0 && cert.1,
            "tls: either `cert_file` or `cert_pem`, not both",
        ),
        (
            key.0 && key.1,
            "tls: either `key_file` or `key_pem`, not both",
        ),
        (
            (cert.0 || cert.1) != (key.0 || key.1),
            "tls: a certificate and its key belong together",
        ),
    ];
    let broken = rules.into_iter().filter(|(broken, _)| *broken);
    broken.map(|(_, rule)| rule).collect()
}

fn versions(min: Option<TlsVersion>, max: Option<TlsVersion>) -> Option<&'static str> {
    let min = min.unwrap_or(TlsVersion::Tls12);
    max.is_some_and(|max| max < min)
        .then_some("tls: `max_version` must not be below `min_version`")
}

impl Auth {
    /// By this extension.
    pub fn by(authenticator: ComponentId) -> Self {
        Self {
            authenticator: Some(authenticator),
            ..Self::default()
        }
    }

    /// The extension that it names, if there is one.
    pub(crate) fn extension(auth: Option<&Self>) -> Option<ComponentId> {
        auth.and_then(|auth| auth.authenticator.clone())
    }
}

impl Keepalive {
    /// Connections live this long, and calls under way a little longer.
    pub fn max_age(age: Duration, grace: Duration) -> Self {
        let parameters = ServerParameters {
            max_connection_age: Some(age),
            max_connection_age_grace: Some(grace),
            ..ServerParameters::default()
        };
        Self {
            server_parameters: Some(parameters),
            ..Self::default()
        }
    }
}
