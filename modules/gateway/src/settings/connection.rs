//! How are connections accepted and made?

use std::{fmt, path::PathBuf, time::Duration};

use super::Secret;
use serde::Serialize;

/// The path of a unix socket.
pub type UnixPath = PathBuf;

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// `host:port`; an empty host and `0.0.0.0` are every address.
    Tcp(String),
    /// A socket in the file system.
    Unix(UnixPath),
}

/// Text in PEM: in a file that is looked at again, or as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pem {
    /// In a file.
    File(PathBuf),
    /// As it is.
    Text(Secret),
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The certificate and those that lead to its authority.
    pub chain: Pem,
    /// Its key.
    pub key: Pem,
}

/// TLS on the side that is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerTls {
    /// Who the server is.
    pub certificate: Certificate,
    /// The authority that clients' certificates must come from; without it nobody is asked for one.
    pub client_authority: Option<PathBuf>,
    /// Whether that file is read again when it changes.
    pub client_authority_reload: bool,
    /// How often the files of the certificate are read again: never, where there is none.
    pub reload_interval: Option<Duration>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// The newest version that is spoken.
    pub max_version: TlsVersion,
}

/// TLS on the side that calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientTls {
    /// Whose certificates are believed.
    pub authorities: Authorities,
    /// Who the client is, where servers ask.
    pub certificate: Option<Certificate>,
    /// The name that the server's certificate must have, where the address is not it.
    pub server_name: Option<String>,
    /// How often files are read again: never, where there is none.
    pub reload_interval: Option<Duration>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// The newest version that is spoken.
    pub max_version: TlsVersion,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authorities {
    /// Those of the system.
    System,
    /// This one alone.
    Only(Pem),
    /// This one and those of the system.
    And(Pem),
    /// Anyone's: nothing is checked.
    Anyone,
}

/// A version of TLS; older ones are not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsVersion {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
