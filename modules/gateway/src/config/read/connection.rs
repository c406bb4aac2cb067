//! How are connections accepted and made, as a configuration says it?

use std::net::IpAddr;

use collector_config::components::{
    connection::{
        ClientTls as ClientText, ServerTls as ServerText, TlsVersion as VersionText, Tpm,
    },
    otlp::Transport,
};

use super::super::at::At;
use super::unless_zero;
use crate::settings::{
    Address, Authorities, Certificate, ClientTls, Pem, Secret, ServerTls, TlsVersion,
};

const NO_CIPHERS: &str = "the gateway chooses ciphers and curves itself, all of them safe";

const NO_AUTHORITY: &str =
    "is of no use on the side that is called; clients are checked by `client_ca_file`";

/// Where something listens.
pub(super) fn address(
    endpoint: &str,
    transport: Option<Transport>,
    default: &str,
    at: &At<'_>,
) -> Address {
    let at = at.key("endpoint");
    if transport == Some(Transport::Unix) {
        return Address::Unix(endpoint.into());
    }
    if let Some(path) = endpoint.strip_prefix("unix:") {
        return Address::Unix(path.trim_start_matches("//").into());
    }
    let endpoint = if endpoint.is_empty() {
        default
    } else {
        endpoint
    };
    let known = match endpoint.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => Some((host, port)),
        _ if endpoint.contains("://") => None,
        _ => {
            at.refuse(format!("`{endpoint}` is not `host:port`"));
            None
        }
    };
    match (transport, known) {
        (Some(Transport::Tcp4), Some((host, port))) => {
            Address::Tcp(of_family(host, port, ["0.0.0.0", "127.0.0.1"], &at))
        }
        (Some(Transport::Tcp6), Some((host, port))) => {
            Address::Tcp(of_family(host, port, ["[::]", "[::1]"], &at))
        }
        _ => Address::Tcp(endpoint.to_owned()),
    }
}

/// The same address, where it is one of that family: what stands for every host and for this one is said with it.
fn of_family(host: &str, port: &str, [every, own]: [&str; 2], at: &At<'_>) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = match (host, bare.parse::<IpAddr>()) {
        ("", _) => every,
        ("localhost", _) => own,
        (_, Ok(address)) if address.is_ipv6() == every.contains(':') => host,
        (_, Ok(_)) => {
            at.refuse(format!(
                "`{host}` is an address of the other family than `transport` says"
            ));
            host
        }
        (_, Err(_)) => {
            at.refuse(format!(
                "`{host}` may have addresses of both families: say which one is meant"
            ));
            host
        }
    };
    format!("{host}:{port}")
}

/// TLS on the side that is called.
pub(super) fn server(text: ServerText, at: &At<'_>) -> Option<ServerTls> {
    let at = at.key("tls");
    at.without("cipher_suites", &text.cipher_suites, NO_CIPHERS);
    at.without("curve_preferences", &text.curve_preferences, NO_CIPHERS);
    let insecure = &text.include_insecure_cipher_suites;
    at.without("include_insecure_cipher_suites", insecure, NO_CIPHERS);
    at.moot("ca_file", &text.ca_file, NO_AUTHORITY);
    at.moot("ca_pem", &text.ca_pem, NO_AUTHORITY);
    let system = &text.include_system_ca_certs_pool;
    at.moot("include_system_ca_certs_pool", system, NO_AUTHORITY);
    keys_in_reach(text.tpm.as_ref(), &at);
    let (min_version, max_version) = versions(text.min_version, text.max_version, &at);
    Some(ServerTls {
        certificate: certificate(text.cert_file, text.cert_pem, text.key_file, text.key_pem)?,
        client_authority: text
            .client_ca_file
            .filter(|file| !file.is_empty())
            .map(Into::into),
        client_authority_reload: text.client_ca_file_reload,
        reload_interval: text.reload_interval.and_then(unless_zero),
        min_version,
        max_version,
    })
}

/// TLS on the side that calls; none if there is none at all.
pub(super) fn client(text: &ClientText, at: &At<'_>) -> Option<ClientTls> {
    (!text.insecure || text.ca_file.is_some() || text.ca_pem.is_some()).then(|| always(text, at))
}

/// TLS on the side that calls, for addresses that ask for it.
pub(super) fn always(text: &ClientText, at: &At<'_>) -> ClientTls {
    let at = at.key("tls");
    at.without("cipher_suites", &text.cipher_suites, NO_CIPHERS);
    at.without("curve_preferences", &text.curve_preferences, NO_CIPHERS);
    let insecure = &text.include_insecure_cipher_suites;
    at.without("include_insecure_cipher_suites", insecure, NO_CIPHERS);
    keys_in_reach(text.tpm.as_ref(), &at);
    let ClientText {
        ca_file,
        ca_pem,
        cert_file,
        cert_pem,
        key_file,
        key_pem,
        ..
    } = text.clone();
    let (min_version, max_version) = versions(text.min_version, text.max_version, &at);
    let authorities = match pem(ca_file, ca_pem) {
        _ if text.insecure_skip_verify => Authorities::Anyone,
        None => Authorities::System,
        Some(authority) if text.include_system_ca_certs_pool => Authorities::And(authority),
        Some(authority) => Authorities::Only(authority),
    };
    ClientTls {
        authorities,
        certificate: certificate(cert_file, cert_pem, key_file, key_pem),
        server_name: text
            .server_name_override
            .clone()
            .filter(|name| !name.is_empty()),
        reload_interval: text.reload_interval.and_then(unless_zero),
        min_version,
        max_version,
    }
}

/// Keys are read, and never asked for.
fn keys_in_reach(tpm: Option<&Tpm>, at: &At<'_>) {
    if tpm.is_some_and(|tpm| tpm.enabled) {
        at.key("tpm")
            .refuse("the gateway asks no TPM for keys: it reads them from `key_file` or `key_pem`");
    }
}

fn pem(file: Option<String>, text: Option<String>) -> Option<Pem> {
    let text = text.filter(|text| !text.is_empty());
    let file = file.filter(|file| !file.is_empty());
    file.map(|file| Pem::File(file.into()))
        .or_else(|| text.map(|text| Pem::Text(Secret::new(text))))
}

fn certificate(
    cert_file: Option<String>,
    cert_pem: Option<String>,
    key_file: Option<String>,
    key_pem: Option<String>,
) -> Option<Certificate> {
    Some(Certificate {
        chain: pem(cert_file, cert_pem)?,
        key: pem(key_file, key_pem)?,
    })
}

fn versions(
    min: Option<VersionText>,
    max: Option<VersionText>,
    at: &At<'_>,
) -> (TlsVersion, TlsVersion) {
    let read = |key: &str, version: Option<VersionText>, default| match version {
        None => default,
        Some(VersionText::Tls12) => TlsVersion::Tls12,
        Some(VersionText::Tls13) => TlsVersion::Tls13,
        Some(VersionText::Tls10 | VersionText::Tls11) => {
            at.key(key).refuse("the gateway speaks TLS 1.2 and 1.3");
            default
        }
    };
    (
        read("min_version", min, TlsVersion::Tls12),
        read("max_version", max, TlsVersion::Tls13),
    )
}
