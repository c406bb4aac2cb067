//! Which names does a cluster accept?

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// A DNS label (RFC 1123): the name of a stack, a Service, a container, a namespace.
///
/// At most 63 characters of `a-z`, `0-9` and `-`, beginning and ending with a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(String);

/// The name of a port: at most 15 characters of `a-z`, `0-9` and `-`, with at least one letter, and no
/// `--` (IANA service name, RFC 6335).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PortName(String);

/// The value of a label: empty, or at most 63 characters of letters, digits, `-`, `_` and `.`,
/// beginning and ending with a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LabelValue(String);

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a name must not be empty")]
    Empty,
    /// More characters than the rule allows.
    #[error("`{name}` has {length} characters, and at most {most} are allowed")]
    TooLong {
        /// What was given.
        name: String,
        /// How long that is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// A character, or a first or last character, that the rule forbids.
    #[error("`{name}` is not {rule}")]
    Malformed {
        /// What was given.
        name: String,
        /// What would be right.
        rule: &'static str,
    },
}

const LABEL_RULE: &str =
    "made of a-z, 0-9 and `-`, beginning and ending with a letter or a digit (DNS label, RFC 1123)";
const SUBDOMAIN_RULE: &str = "made of DNS labels joined by `.` (a-z, 0-9 and `-`, each beginning and ending with a letter or a digit)";
const SERVICE_RULE: &str = "beginning with a letter, as the name of a Service must (RFC 1035)";
const SEGMENT_RULE: &str = "a segment of a path: neither `.` nor `..`, without `/` and `%`";
const KEY_RULE: &str = "made of letters, digits, `-`, `_` and `.`, and not beginning with `..`";
const PORT_RULE: &str = "made of a-z, 0-9 and single `-`, with at least one letter (RFC 6335)";
const VALUE_RULE: &str =
    "made of letters, digits, `-`, `_` and `.`, beginning and ending with a letter or a digit";

impl Name {
    /// Parses a DNS label.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        check_label(&text).map(|()| Self(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PortName {
    /// Parses a port name.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        within(&text, 15)?;
        let legal = text.bytes().all(is_label_byte)
            && text.bytes().any(|b| b.is_ascii_lowercase())
            && !text.contains("--")
            && !text.starts_with('-')
            && !text.ends_with('-');
        if legal {
            Ok(Self(text))
        } else {
            Err(malformed(&text, PORT_RULE))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LabelValue {
    /// Parses a label's value.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        if text.is_empty() {
            return Ok(Self(text));
        }
        within(&text, 63)?;
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        let legal =
            text.bytes().all(inner) && ends(text.bytes().next()) && ends(text.bytes().last());
        if legal {
            Ok(Self(text))
        } else {
            Err(malformed(&text, VALUE_RULE))
        }
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a DNS label of at most 63 characters.
pub fn check_label(text: &str) -> Result<(), NameError> {
    within(text, 63)?;
    if is_label(text) {
        Ok(())
    } else {
        Err(malformed(text, LABEL_RULE))
    }
}

/// Checks a DNS subdomain of at most 253 characters: the name of most objects.
pub fn check_subdomain(text: &str) -> Result<(), NameError> {
    within(text, 253)?;
    if text.split('.').all(is_label) {
        Ok(())
    } else {
        Err(malformed(text, SUBDOMAIN_RULE))
    }
}

/// Checks the name of a Service: a DNS label that begins with a letter (RFC 1035), as not all clusters take a digit there.
pub(crate) fn check_service_name(text: &str) -> Result<(), NameError> {
    check_label(text)?;
    if text.starts_with(|first: char| first.is_ascii_lowercase()) {
        Ok(())
    } else {
        Err(malformed(text, SERVICE_RULE))
    }
}

/// Checks a segment of a URL's path, which is all that roles and bindings must be.
pub(crate) fn check_path_segment(text: &str) -> Result<(), NameError> {
    within(text, 253)?;
    if matches!(text, "." | "..") || text.contains(['/', '%']) {
        Err(malformed(text, SEGMENT_RULE))
    } else {
        Ok(())
    }
}

/// Checks the key of a label or an annotation: a name of at most 63 characters, perhaps after a DNS subdomain and `/`.
pub(crate) fn check_label_key(text: &str) -> Result<(), NameError> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            check_subdomain(prefix)?;
            name
        }
        None => text,
    };
    within(name, 63)?;
    LabelValue::new(name).map(|_| ())
}

/// Checks a key of a ConfigMap or a Secret.
pub(crate) fn check_data_key(text: &str) -> Result<(), NameError> {
    within(text, 253)?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.bytes().all(legal) && !text.starts_with("..") && text != "." {
        Ok(())
    } else {
        Err(malformed(text, KEY_RULE))
    }
}

fn within(text: &str, most: usize) -> Result<(), NameError> {
    let length = text.chars().count();
    match length {
        0 => Err(NameError::Empty),
        _ if length > most => Err(NameError::TooLong {
            name: text.to_owned(),
            length,
            most,
        }),
        _ => Ok(()),
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(is_label_byte)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn malformed(name: &str, rule: &'static str) -> NameError {
    NameError::Malformed {
        name: name.to_owned(),
        rule,
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for LabelValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rfc_1123() {
        for good in ["a", "otlp-gateway", "0x", &"a".repeat(63)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "é", &"a".repeat(64)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn port_names_are_short_and_have_a_letter() {
        for good in ["otlp-grpc", "http", "9p"] {
            assert!(PortName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "4317", "a--b", "-a", "sixteen-letters-", "Http"] {
            assert!(PortName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn label_values_may_be_empty() {
        for good in ["", "v1.2_3", "A"] {
            assert!(LabelValue::new(good).is_ok(), "{good}");
        }
        for bad in ["-a", "a.", "a b", &"a".repeat(64)] {
            assert!(LabelValue::new(bad).is_err(), "{bad}");
        }
    }
}
