//! How is a certificate made after its recipe?

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use provider_core::certificate::{
    CERTIFICATE, Certificate, Making, NEXT_CERTIFICATE, NEXT_PRIVATE_KEY, PRIVATE_KEY, TRUSTED,
    Validity,
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls_pki_types::CertificateDer;
use serde_json::Value;

use super::{CertificateError, Data, certificates, lifetime, pem, private_key};

/// Clocks of nodes may be behind ours.
const SKEW: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// What X.509 allows a common name.
const NAME_LENGTH: usize = 64;

/// A certificate with its key, as a Secret holds them.
struct Made {
    certificate: String,
    key: String,
}

/// The values that change in a Secret. `held` is the Secret as it is, `authority` that of who signs.
pub(crate) fn made(
    certificate: &Certificate,
    making: Making,
    held: Option<&Value>,
    authority: Option<&Value>,
    now: Timestamp,
) -> Result<Data, CertificateError> {
    match certificate {
        Certificate::Leaf {
            names, validity, ..
        } => {
            let nothing = Value::Null;
            let made = leaf(names, *validity, authority.unwrap_or(&nothing), now)?;
            Ok(data([
                (CERTIFICATE, Some(made.certificate)),
                (PRIVATE_KEY, Some(made.key)),
            ]))
        }
        Certificate::Authority { name, validity, .. } => {
            exchanged(name, *validity, making, held.unwrap_or(&Value::Null), now)
        }
    }
}

/// An authority, one stage further.
fn exchanged(
    name: &str,
    validity: Validity,
    making: Making,
    held: &Value,
    now: Timestamp,
) -> Result<Data, CertificateError> {
    let text = |key| {
        let bytes = super::value(held, key).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(match making {
        Making::Whole => {
            let made = signer(name, validity, now)?;
            data([
                (TRUSTED, Some(made.certificate.clone())),
                (CERTIFICATE, Some(made.certificate)),
                (PRIVATE_KEY, Some(made.key)),
            ])
        }
        Making::Introduce => {
            let made = signer(name, validity, now)?;
            data([
                (TRUSTED, Some(text(TRUSTED) + &made.certificate)),
                (NEXT_CERTIFICATE, Some(made.certificate)),
                (NEXT_PRIVATE_KEY, Some(made.key)),
            ])
        }
        Making::Promote => {
            let (next, old) = (text(NEXT_CERTIFICATE), text(CERTIFICATE));
            data([
                (TRUSTED, Some(next.clone() + &old)),
                (CERTIFICATE, Some(next)),
                (PRIVATE_KEY, Some(text(NEXT_PRIVATE_KEY))),
                (NEXT_CERTIFICATE, None),
                (NEXT_PRIVATE_KEY, None),
            ])
        }
        Making::Retire => data([(TRUSTED, Some(unexpired(held, now)))]),
    })
}

/// What is trusted, without what has expired.
fn unexpired(held: &Value, now: Timestamp) -> String {
    let trusted = certificates(held, TRUSTED).unwrap_or_default();
    let lasts = |certificate: &&CertificateDer<'_>| {
        lifetime(certificate).is_some_and(|(_, ends)| {
            i64::try_from(ends.as_secs()).is_ok_and(|ends| ends > now.as_second())
        })
    };
    let lasting = trusted.iter().filter(lasts);
    lasting.map(|der| pem("CERTIFICATE", der)).collect()
}

fn signer(name: &str, validity: Validity, now: Timestamp) -> Result<Made, CertificateError> {
    let key = KeyPair::generate()?;
    let params = authority_params(name, &key, validity, now);
    let certificate = params.self_signed(&key)?;
    Ok(Made {
        certificate: pem("CERTIFICATE", certificate.der()),
        key: pem("PRIVATE KEY", key.serialized_der()),
    })
}

/// Its name holds a part of its key: where two are trusted at once, every verifier finds the right one.
fn authority_params(
    name: &str,
    key: &KeyPair,
    validity: Validity,
    now: Timestamp,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = authority_name(name, key);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    lasting(params, validity, now)
}

fn authority_name(name: &str, key: &impl PublicKeyData) -> DistinguishedName {
    let identifier = CertificateParams::default().key_identifier(key);
    let bytes = identifier.iter().take(4);
    let part = bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut called = DistinguishedName::new();
    let name: String = name.chars().take(NAME_LENGTH - 20).collect();
    called.push(DnType::CommonName, format!("{name} authority {part}"));
    called
}

fn leaf(
    names: &BTreeSet<String>,
    validity: Validity,
    authority: &Value,
    now: Timestamp,
) -> Result<Made, CertificateError> {
    let signer = private_key(authority, PRIVATE_KEY).map_err(CertificateError::NoSigner)?;
    let certificate = certificates(authority, CERTIFICATE).map_err(CertificateError::NoSigner)?;
    let mut params = CertificateParams::default();
    for name in names {
        let one = CertificateParams::new(vec![name.clone()]);
        let one = one.map_err(|_| CertificateError::IllegalName(name.clone()))?;
        params.subject_alt_names.extend(one.subject_alt_names);
    }
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = names.iter().find(|name| name.len() <= NAME_LENGTH) {
        params
            .distinguished_name
            .push(DnType::CommonName, name.as_str());
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    let params = lasting(params, validity, now);
    let key = KeyPair::generate()?;
    let issuer = issuer(&certificate[0], signer)?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Made {
        certificate: pem("CERTIFICATE", certificate.der()),
        key: pem("PRIVATE KEY", key.serialized_der()),
    })
}

/// Who signs, under the name that stands in its certificate.
fn issuer(
    certificate: &CertificateDer<'_>,
    key: KeyPair,
) -> Result<Issuer<'static, KeyPair>, CertificateError> {
    let no_signer = |why: &str| CertificateError::NoSigner(why.to_owned());
    let parsed = webpki::anchor_from_trusted_cert(certificate)
        .map_err(|_| no_signer("`tls.crt` is no certificate of an authority"))?;
    let name = common_name(&parsed.subject)
        .ok_or_else(|| no_signer("the name in `tls.crt` is none that was made here"))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(Issuer::new(params, key))
}

/// The text of a name that has a common name in UTF-8 and nothing else, as ours have: its DER without the outermost
/// SEQUENCE is `31 len 30 len 06 03 55 04 03 0c len text`.
fn common_name(name: &[u8]) -> Option<&str> {
    let [
        0x31,
        _,
        0x30,
        _,
        0x06,
        0x03,
        0x55,
        0x04,
        0x03,
        0x0c,
        length,
        text @ ..,
    ] = name
    else {
        return None;
    };
    let whole = usize::from(*length) == text.len();
    std::str::from_utf8(text).ok().filter(|_| whole)
}

fn lasting(mut params: CertificateParams, validity: Validity, now: Timestamp) -> CertificateParams {
    let since_epoch = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
    let now = rcgen::date_time_ymd(1970, 1, 1) + since_epoch;
    params.not_before = now - SKEW;
    params.not_after = now + DAY * validity.valid_days;
    params
}

fn data<const N: usize>(values: [(&'static str, Option<String>); N]) -> Data {
    let encoded = values.map(|(key, text)| (key, text.map(|text| STANDARD.encode(text))));
    encoded.into()
}
