//! Which certificate stands in for those that only a cluster holds?

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A certificate that vouches for itself, so that it is its own authority too.
struct Leaf {
    certificate: String,
    key: String,
}

/// What stands in a Secret or `ConfigMap` under one of the names that certificates have there.
pub(crate) fn file(name: &str) -> Option<&'static str> {
    static LEAF: OnceLock<Leaf> = OnceLock::new();
    let leaf = LEAF.get_or_init(make);
    match name {
        "tls.crt" | "ca.crt" => Some(&leaf.certificate),
        "tls.key" => Some(&leaf.key),
        _ => None,
    }
}

fn make() -> Leaf {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a good name");
    let certificate = params.self_signed(&key).expect("a certificate");
    Leaf {
        certificate: pem("CERTIFICATE", certificate.der()),
        key: pem("PRIVATE KEY", &key.serialize_der()),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}
