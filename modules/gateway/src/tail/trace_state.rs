//! What does a W3C `tracestate` say under a key?

use smallvec::SmallVec;

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

fn is_key(key: &str) -> bool {
    match key.split_once('@') {
        None => is_name(key, 256, u8::is_ascii_lowercase),
        Some((tenant, system)) => {
            let first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            is_name(tenant, 241, first) && is_name(system, 14, u8::is_ascii_lowercase)
        }
    }
}

fn is_name(name: &str, most: usize, first: impl Fn(&u8) -> bool) -> bool {
    let rest =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(byte);
    match name.as_bytes() {
        [] => false,
        [head, tail @ ..] => name.len() <= most && first(head) && tail.iter().all(rest),
    }
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: &u8| (0x20..=0x7e).contains(byte) && *byte != b',' && *byte != b'=';
    let ends = value.as_bytes().last().is_some_and(|last| *last != b' ');
    ends && value.len() <= 256 && value.bytes().all(|byte| allowed(&byte))
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
