//! What does a Secret hold that should hold a certificate?

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use jiff::Timestamp;
use provider_core::certificate::{
    CERTIFICATE, Certificate, Certified, NEXT_CERTIFICATE, NEXT_PRIVATE_KEY, PRIVATE_KEY, Signed,
    TRUSTED,
};
use rcgen::PublicKeyData;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use webpki::{EndEntityCert, KeyUsage};

use super::{certificates, lifetime, private_key};

/// Looks into a Secret. `authority` is the Secret of who should have signed.
pub(crate) fn certified(
    certificate: &Certificate,
    secret: &Value,
    authority: Option<&Value>,
) -> Certified {
    let read = match certificate {
        Certificate::Authority { .. } => authority_of(secret),
        Certificate::Leaf { names, .. } => leaf_of(secret, names, authority),
    };
    read.unwrap_or_else(|why| Certified::Damaged { why })
}

fn authority_of(secret: &Value) -> Result<Certified, String> {
    let signer = pair(secret, CERTIFICATE, PRIVATE_KEY)?;
    let trusted = certificates(secret, TRUSTED)?;
    if !trusted.contains(&signer) {
        return Err(format!("`{TRUSTED}` lacks its own certificate"));
    }
    // A successor that cannot be used is none: another one will be introduced.
    let next = pair(secret, NEXT_CERTIFICATE, NEXT_PRIVATE_KEY).ok();
    let next = next.filter(|next| trusted.contains(next));
    let others = trusted
        .iter()
        .filter(|other| **other != signer && Some(*other) != next.as_ref());
    Ok(Certified::Authority {
        expires: ends(&signer)?,
        next: next.as_ref().map(begins).transpose()?,
        retired: others.map(ends).collect::<Result<_, _>>()?,
    })
}

fn leaf_of(
    secret: &Value,
    names: &BTreeSet<String>,
    authority: Option<&Value>,
) -> Result<Certified, String> {
    let own = pair(secret, CERTIFICATE, PRIVATE_KEY)?;
    let parsed = EndEntityCert::try_from(&own).map_err(|_| no_certificate())?;
    let known: BTreeSet<&str> = parsed.valid_dns_names().collect();
    let is_for = |name: &String| {
        // A name for many is no name that anybody could ask for.
        let address = ServerName::try_from(name.as_str());
        let address = address.ok().filter(|_| name.parse::<IpAddr>().is_ok());
        known.contains(name.as_str())
            || address.is_some_and(|name| parsed.verify_is_valid_for_subject_name(&name).is_ok())
    };
    let surplus = known.iter().copied();
    let signer = authority.and_then(|authority| certificates(authority, CERTIFICATE).ok());
    let is_signed = signer.is_some_and(|signer| is_signed(&parsed, &own, &signer[0]));
    Ok(Certified::Leaf {
        expires: ends(&own)?,
        lacks: names.iter().filter(|name| !is_for(name)).cloned().collect(),
        surplus: surplus
            .filter(|name| !names.contains(*name))
            .map(str::to_owned)
            .collect(),
        signed: if is_signed {
            Signed::ByItsAuthority
        } else {
            Signed::ByAnother
        },
    })
}

/// Whether the signature is that of an authority, whatever time it is now.
fn is_signed(leaf: &EndEntityCert<'_>, own: &CertificateDer<'_>, by: &CertificateDer<'_>) -> bool {
    let (Ok(anchor), Some((begins, _))) = (webpki::anchor_from_trusted_cert(by), lifetime(own))
    else {
        return false;
    };
    leaf.verify_for_usage(
        &[webpki::ring::ECDSA_P256_SHA256],
        &[anchor],
        &[],
        begins,
        KeyUsage::server_auth(),
        None,
        None,
    )
    .is_ok()
}

/// A certificate whose private key is there and fits.
fn pair(secret: &Value, certificate: &str, key: &str) -> Result<CertificateDer<'static>, String> {
    let mut all = certificates(secret, certificate)?;
    let private = private_key(secret, key)?;
    let own = all.swap_remove(0);
    let parsed = EndEntityCert::try_from(&own).map_err(|_| no_certificate())?;
    if parsed.subject_public_key_info().as_ref() == private.subject_public_key_info() {
        Ok(own)
    } else {
        Err(format!("`{key}` does not fit `{certificate}`"))
    }
}

fn no_certificate() -> String {
    format!("`{CERTIFICATE}` is no certificate")
}

fn begins(certificate: &CertificateDer<'static>) -> Result<Timestamp, String> {
    lifetime(certificate)
        .and_then(|(begins, _)| timestamp(begins))
        .ok_or_else(no_certificate)
}

fn ends(certificate: &CertificateDer<'static>) -> Result<Timestamp, String> {
    lifetime(certificate)
        .and_then(|(_, ends)| timestamp(ends))
        .ok_or_else(no_certificate)
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    let since = Duration::from_secs(time.as_secs());
    Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()
}
