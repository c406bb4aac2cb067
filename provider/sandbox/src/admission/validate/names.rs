//! What a name, a label, a key or a port name may look like.
//!
//! Each function answers with one sentence per broken rule, because the API reports each as a cause of its own.

use super::super::at::At;
use super::super::cause::Causes;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
     with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
     start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const OLD_LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
     character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is \
     '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
     character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// The rules a text breaks, a sentence each.
pub(crate) type Broken = Vec<String>;

/// A rule for names.
pub(crate) type Rule = fn(&str) -> Broken;

/// Adds a cause for each rule that the text here breaks.
pub(crate) fn check(at: &At<'_>, rule: Rule, causes: &mut Causes) {
    for message in rule(at.text()) {
        causes.invalid(at, &message);
    }
}

/// A part of a DNS name: lower case letters, digits and inner hyphens.
pub(crate) fn dns_label(text: &str) -> Broken {
    let mut broken = longer_than(text, 63);
    if !is_label(text) {
        broken.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            LABEL.to_owned()
        });
    }
    broken
}

/// DNS labels joined with dots.
pub(crate) fn dns_subdomain(text: &str) -> Broken {
    let mut broken = longer_than(text, 253);
    if !is_subdomain(text) {
        broken.push(SUBDOMAIN.to_owned());
    }
    broken
}

/// A DNS label of the older kind, which starts with a letter.
pub(crate) fn dns_1035_label(text: &str) -> Broken {
    let mut broken = longer_than(text, 63);
    if !is_label(text) || !text.starts_with(|first: char| first.is_ascii_lowercase()) {
        broken.push(OLD_LABEL.to_owned());
    }
    broken
}

/// `*.` and a DNS subdomain.
pub(crate) fn wildcard_subdomain(text: &str) -> Broken {
    let mut broken = longer_than(text, 253);
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        broken.push(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of \
             lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
                .to_owned(),
        );
    }
    broken
}

/// What can be one segment of a URL path: names of RBAC objects.
pub(crate) fn path_segment(text: &str) -> Broken {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    ['/', '%']
        .iter()
        .filter(|bad| text.contains(**bad))
        .map(|bad| format!("may not contain '{bad}'"))
        .collect()
}

/// The key of a label: an optional subdomain, a slash, and a name.
pub(crate) fn qualified_name(text: &str) -> Broken {
    let mut broken = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                broken.push("prefix part must be non-empty".to_owned());
            } else {
                broken.extend(
                    dns_subdomain(prefix)
                        .into_iter()
                        .map(|message| format!("prefix part {message}")),
                );
            }
            name
        }
        _ => {
            let message = format!(
                "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            );
            return vec![message];
        }
    };
    if name.is_empty() {
        broken.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        broken.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_qualified_part(name) {
        broken.push(format!("name part {QUALIFIED}"));
    }
    broken
}

/// The value of a label.
pub(crate) fn label_value(text: &str) -> Broken {
    let mut broken = Vec::new();
    if text.len() > 63 {
        broken.push("must be no more than 63 bytes".to_owned());
    }
    if !text.is_empty() && !is_qualified_part(text) {
        broken.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and \
             end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
                .to_owned(),
        );
    }
    broken
}

/// The name of a port.
pub(crate) fn port_name(text: &str) -> Broken {
    let mut broken = longer_than(text, 15);
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || !text.chars().all(allowed) {
        broken.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !text.contains(|c: char| c.is_ascii_lowercase()) {
        broken.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        broken.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        broken.push("must not begin or end with a hyphen".to_owned());
    }
    broken
}

/// The name of an environment variable: anything printable but `=`.
pub(crate) fn env_name(text: &str) -> Broken {
    let mut broken = Vec::new();
    if text.is_empty() {
        broken.push("environment variable name must be non-empty".to_owned());
    }
    if text.chars().any(|c| !(' '..='~').contains(&c) || c == '=') {
        broken.push("a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned());
    }
    broken
}

/// A key of a `ConfigMap` or a Secret.
pub(crate) fn config_key(text: &str) -> Broken {
    let mut broken = longer_than(text, 253);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if text.is_empty() || !text.chars().all(allowed) {
        broken.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or \
             'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                .to_owned(),
        );
    }
    if text == "." || text == ".." {
        broken.push(format!("must not be '{text}'"));
    } else if text.starts_with("..") {
        broken.push("must not start with '..'".to_owned());
    }
    broken
}

/// The name of an HTTP header.
pub(crate) fn header_name(text: &str) -> Broken {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Vec::new();
    }
    vec!["a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')".to_owned()]
}

/// Digits and a percent sign.
pub(crate) fn is_percent(text: &str) -> bool {
    text.strip_suffix('%')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn longer_than(text: &str, most: usize) -> Broken {
    if text.len() > most {
        vec![format!("must be no more than {most} characters")]
    } else {
        Vec::new()
    }
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    bytes.first().is_some_and(inner)
        && bytes.last().is_some_and(inner)
        && bytes.iter().all(|b| inner(b) || *b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broken_rule_of_a_name_is_one_sentence() {
        let cases: [(&str, Rule, &str, usize); 18] = [
            ("a label", dns_label, "web-1", 0),
            ("a label with dots", dns_label, "a.b", 1),
            (
                "too long and with dots",
                dns_label,
                &format!("{}.b", "a".repeat(63)),
                2,
            ),
            ("a subdomain", dns_subdomain, "a.b-c.d", 0),
            ("an empty part", dns_subdomain, "a..b", 1),
            (
                "an old label starting with a digit",
                dns_1035_label,
                "1a",
                1,
            ),
            ("a wildcard", wildcard_subdomain, "*.example.com", 0),
            ("two wildcards", wildcard_subdomain, "*.*.com", 1),
            ("a path segment", path_segment, "system:node", 0),
            ("a slash", path_segment, "a/b%", 2),
            ("a key with prefix", qualified_name, "example.com/Name", 0),
            ("an empty prefix", qualified_name, "/a", 1),
            ("an empty name", qualified_name, "a/", 2),
            ("a value", label_value, "", 0),
            ("a bad value", label_value, "-x", 1),
            ("a port name of digits", port_name, "8080", 1),
            ("a variable with =", env_name, "a=b", 1),
            ("a key that leaves its folder", config_key, "..a", 1),
        ];
        for (about, rule, text, count) in cases {
            assert_eq!(rule(text).len(), count, "{about}: {:?}", rule(text));
        }
    }
}
