//! How is a value remembered without being kept?

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fields::FieldPath;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A keyed digest of a field's canonical value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

const BLOCK: usize = 64;
/// 96 bits: a collision would hide one drifted field, and nobody can search for one without the key.
const KEPT: usize = 12;

impl Digest {
    /// The digest of a canonical value at a path. The path is part of it, so that two fields with one value do
    /// not show that they have.
    pub fn of(key: &[u8], path: &FieldPath, value: &Value) -> Self {
        Self::of_text(key, &format!("{path}\n{}", canonical(value)))
    }

    pub(crate) fn of_text(key: &[u8], text: &str) -> Self {
        let full = hmac(key, text.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(&full[..KEPT]))
    }
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

/// JSON with sorted keys and numbers by value, whatever order the maps were filled in.
pub(crate) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, entry) in entries {
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                write(entry, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for element in elements {
                write(element, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Number(number) => {
            // Writing to a string cannot fail.
            let _ = match (number.as_i64(), number.as_f64()) {
                (None, Some(float)) if float.fract() == 0.0 => write!(out, "{float:.0}"),
                _ => write!(out, "{number}"),
            };
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_code_is_that_of_rfc_4231() {
        let hex = |bytes: [u8; 32]| {
            bytes
                .iter()
                .fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
        };
        assert_eq!(
            hex(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(hmac(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn equal_values_have_one_digest_and_others_another() {
        let path: FieldPath = "spec.x".parse().unwrap();
        let of = |value| Digest::of(b"key", &path, &value);
        assert_eq!(
            of(json!({"a": 1, "b": [2]})),
            of(json!({"b": [2.0], "a": 1}))
        );
        assert_ne!(of(json!("1")), of(json!(1)));
        assert_ne!(of(json!(["a", "b"])), of(json!(["ab"])));
        assert_ne!(of(json!(1)), Digest::of(b"other", &path, &json!(1)));
        assert_ne!(
            of(json!(1)),
            Digest::of(b"key", &"spec.y".parse().unwrap(), &json!(1))
        );
    }
}
