//! What may stand in a W3C `tracestate` (Trace Context, section 3.3)?

/// Whether it is a key, with or without a tenant.
pub(crate) fn is_key(key: &str) -> bool {
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

/// Whether it is a value.
pub(crate) fn is_value(value: &str) -> bool {
    let allowed = |byte: &u8| (0x20..=0x7e).contains(byte) && *byte != b',' && *byte != b'=';
    let ends = value.as_bytes().last().is_some_and(|last| *last != b' ');
    ends && value.len() <= 256 && value.bytes().all(|byte| allowed(&byte))
}
