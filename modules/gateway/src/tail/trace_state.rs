//! What does a W3C `tracestate` say under a key?

use smallvec::SmallVec;

use crate::trace_state::{is_key, is_value};

/// The value of a key, if the whole header is valid as the W3C's Trace Context and Go's SDK have it.
pub(super) fn get<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut keys = SmallVec::<[&str; 32]>::new();
    let mut found = None;
    for member in header.split(',').filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        let key = key.trim_start_matches([' ', '\t']);
        let value = value.trim_end_matches([' ', '\t']);
        let valid = is_key(key) && is_value(value) && !keys.contains(&key) && keys.len() < 32;
        if !valid {
            return None;
        }
        keys.push(key);
        if key == wanted {
            found = Some(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_only_if_all_of_it_is_valid() {
        for (header, value) in [
            ("", None),
            ("a=1", Some("1")),
            ("b=2, \ta=1 ,c=3", Some("1")),
            (",,a=1,", Some("1")),
            ("1t@sys=2,a=1", Some("1")),
            ("a=1,a=2", None),
            ("a=1,B=2", None),
            ("a=1,b", None),
            ("a=1=2", None),
            ("a=", None),
            ("a=1,b=ü", None),
            ("a=1,1b=2", None),
            ("a=1,t@1sys=2", None),
        ] {
            assert_eq!(get(header, "a"), value, "{header:?}");
        }
        let many = |count: usize| {
            (0..count)
                .map(|n| format!("a{n}=1"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(get(&many(32), "a3"), Some("1"));
        assert_eq!(get(&many(33), "a3"), None);
    }
}
