//! How are certificates made and looked into?
//!
//! `make` follows a recipe, `read` says what a Secret holds. Both work on the bytes of Secrets alone, so that what
//! was made by one run is known by the next without any memory of its own. Keys are ECDSA on P-256, which every
//! program of a stack understands.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject};
use serde_json::Value;
use thiserror::Error;

mod make;
mod read;

pub(crate) use make::made;
pub(crate) use read::certified;

/// The new values of a Secret's data, in base64; none where a key goes.
pub(crate) type Data = BTreeMap<&'static str, Option<String>>;

/// Why no certificate could be made.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    /// The library that makes them refused.
    #[error("could not make the certificate")]
    Refused(#[from] rcgen::Error),
    /// A name is neither a DNS name nor an address.
    #[error("`{0}` can stand in no certificate")]
    IllegalName(String),
    /// There is nobody to sign.
    #[error("the Secret of the authority cannot sign: {0}")]
    NoSigner(String),
}

/// A value of a Secret's data.
fn value(secret: &Value, key: &str) -> Option<Vec<u8>> {
    let stored = secret.get("data")?.get(key)?.as_str()?;
    STANDARD
        .decode(stored)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

/// The certificates under a key, the first of which is the one that is meant.
fn certificates(secret: &Value, key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = value(secret, key).ok_or_else(|| format!("`{key}` is empty"))?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match parsed {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(format!("`{key}` is no certificate")),
    }
}

fn private_key(secret: &Value, key: &str) -> Result<rcgen::KeyPair, String> {
    let text = value(secret, key).ok_or_else(|| format!("`{key}` is empty"))?;
    let parsed = PrivateKeyDer::from_pem_slice(&text).ok();
    parsed
        .and_then(|key| rcgen::KeyPair::try_from(&key).ok())
        .ok_or_else(|| format!("`{key}` is no private key"))
}

/// When a certificate begins and ends.
fn lifetime(certificate: &CertificateDer<'_>) -> Option<(UnixTime, UnixTime)> {
    let at = |seconds| {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let nobody = webpki::EndEntityCert::try_from(certificate).ok()?;
        let usage = webpki::KeyUsage::server_auth();
        let verdict = nobody.verify_for_usage(&[], &[], &[], time, usage, None, None);
        verdict.err()
    };
    // Time is what is looked at first, and the answer names the bounds.
    let webpki::Error::CertNotValidYet { not_before, .. } = at(0)? else {
        return None;
    };
    let webpki::Error::CertExpired { not_after, .. } = at(FAR)? else {
        return None;
    };
    Some((not_before, not_after))
}

/// After the last second that a certificate can say.
const FAR: u64 = 300_000_000_000;

/// PEM as everybody writes it: 64 letters on a line.
fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests;
