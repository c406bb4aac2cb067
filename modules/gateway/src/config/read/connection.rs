//! How are connections accepted and made, as a configuration says it?

use collector_config::components::{
    connection::{ClientTls as ClientText, ServerTls as ServerText, TlsVersion as VersionText},
    otlp::Transport,
};

use super::super::at::At;
use super::unless_zero;
use crate::settings::{
    Address, Authorities, Certificate, ClientTls, Pem, Secret, ServerTls, TlsVersion,
};

const NO_CIPHERS: &str = "the gateway chooses ciphers and curves itself, all of them safe";

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
    match endpoint.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => {}
        _ if endpoint.contains("://") => {}
        _ => at.refuse(format!("`{endpoint}` is not `host:port`")),
    }
    Address::Tcp(endpoint.to_owned())
}

/// TLS on the side that is called.
pub(super) fn server(text: ServerText, at: &At<'_>) -> Option<ServerTls> {
    let at = at.key("tls");
    at.without("cipher_suites", &text.cipher_suites, NO_CIPHERS);
    at.without("curve_preferences", &text.curve_preferences, NO_CIPHERS);
    let insecure = &text.include_insecure_cipher_suites;
    at.without("include_insecure_cipher_suites", insecure, NO_CIPHERS);
    if text.ca_file.is_some() {
        at.key("ca_file").note(
            "is of no use on the side that is called; clients are checked by `client_ca_file`",
        );
    }
    let (min_version, max_version) = versions(text.min_version, text.max_version, &at);
    Some(ServerTls {
        certificate: certificate(text.cert_file, text.cert_pem, text.key_file, text.key_pem)?,
        client_authority: text.client_ca_file.map(Into::into),
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
