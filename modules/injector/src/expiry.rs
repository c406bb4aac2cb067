//! Until when does a certificate hold? Read from its DER, which TLS itself has no need to tell.

use jiff::{civil::DateTime, tz::TimeZone};

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which old certificates do not have.
const VERSION: u8 = 0xa0;

/// The second, since 1970, after which it does not hold; none where it is no certificate.
pub(crate) fn seconds(certificate: &[u8]) -> Option<i64> {
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (signed, _) = element(whole, SEQUENCE)?;
    let rest = match element(signed, VERSION) {
        Some((_, rest)) => rest,
        None => signed,
    };
    let (_serial, rest) = element(rest, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    let (_issuer, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_from, until) = time(validity)?;
    let (until, _) = time(until)?;
    let until = DateTime::strptime("%Y%m%d%H%M%SZ", until).ok()?;
    let until = until.to_zoned(TimeZone::UTC).ok()?;
    Some(until.timestamp().as_second())
}

/// A time with all four digits of its year, and what comes after it.
fn time(der: &[u8]) -> Option<(String, &[u8])> {
    if let Some((text, rest)) = element(der, GENERALIZED_TIME) {
        return Some((std::str::from_utf8(text).ok()?.to_owned(), rest));
    }
    let (text, rest) = element(der, UTC_TIME)?;
    let text = std::str::from_utf8(text).ok()?;
    // Two digits: from 1950 to 2049.
    let century = if text < "50" { "20" } else { "19" };
    Some((format!("{century}{text}"), rest))
}

/// What is in the first element, if it is of that kind, and what comes after it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let fits = (1..=4).contains(&digits.len());
        let length = digits
            .iter()
            .fold(0_usize, |all, &digit| (all << 8) | usize::from(digit));
        (fits.then_some(length)?, rest)
    };
    if found != kind {
        return None;
    }
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(["injector".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 2, 3);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_ways_to_write_it() {
        // From 2050 on, years have four digits.
        for (year, expected) in [(2027, 1_801_612_800), (2051, 2_558_995_200)] {
            assert_eq!(seconds(&made(year)), Some(expected), "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = made(2027);
        for end in 0..whole.len() {
            assert_eq!(seconds(&whole[..end]), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let _ = seconds(&bytes);
        }
    }
}
