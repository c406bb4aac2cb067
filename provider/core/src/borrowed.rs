//! How does a value get into an object that stands in another one, and that nobody knows before it is applied?

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Secret;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{id::ResourceId, reference::Ref};

/// A value of a Secret of this stack that is read when another object is applied: the certificates that a webhook's
/// callers must trust, the fingerprint of what a Pod mounts.
///
/// ```
/// # use provider_core::{Borrowed, GeneratedAuthority, Scope};
/// # use provider_core::k8s_openapi::api::core::v1::ConfigMap;
/// fn shop(stack: &mut Scope<'_>, trust: ConfigMap) {
///     let authority = stack.add(GeneratedAuthority::new("authority"));
///     let trust = stack.add(trust);
///     stack.borrow(&trust, "/data/ca.crt", Borrowed::text(&authority, "ca.crt"));
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Borrowed {
    /// The Secret.
    pub from: ResourceId,
    /// The key of its data.
    pub key: String,
    /// How the value is written.
    pub form: Form,
}

/// How a borrowed value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As the Secret stores it: in base64, for fields of bytes such as a `caBundle`.
    Stored,
    /// As a text.
    Text,
    /// Only its fingerprint: a Pod that carries it as an annotation is made anew when the value changes.
    Fingerprint,
}

impl Borrowed {
    /// The value in base64, for fields of bytes.
    pub fn stored(from: &Ref<Secret>, key: impl Into<String>) -> Self {
        Self::new(from, key, Form::Stored)
    }

    /// The value as a text.
    pub fn text(from: &Ref<Secret>, key: impl Into<String>) -> Self {
        Self::new(from, key, Form::Text)
    }

    /// The value's fingerprint.
    pub fn fingerprint(from: &Ref<Secret>, key: impl Into<String>) -> Self {
        Self::new(from, key, Form::Fingerprint)
    }

    fn new(from: &Ref<Secret>, key: impl Into<String>, form: Form) -> Self {
        Self {
            from: from.id().clone(),
            key: key.into(),
            form,
        }
    }

    /// The value as it is written into the borrower, given the Secret that it stands in.
    pub fn of(&self, secret: &Value) -> Option<Value> {
        Some(self.written(secret.get("data")?.get(&self.key)?.as_str()?))
    }

    /// The same, given the value as the Secret stores it.
    fn written(&self, stored: &str) -> Value {
        let bytes = || STANDARD.decode(stored).unwrap_or_default();
        match self.form {
            Form::Stored => stored.into(),
            Form::Text => String::from_utf8_lossy(&bytes()).into(),
            Form::Fingerprint => hex(&Sha256::digest(bytes())[..8]).into(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let empty = String::new();
    let digits = bytes.iter();
    digits.fold(empty, |text, byte| text + &format!("{byte:02x}"))
}

impl fmt::Display for Borrowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.form {
            Form::Stored | Form::Text => "",
            Form::Fingerprint => "the fingerprint of ",
        };
        write!(f, "{what}`{}` of {}", self.key, self.from)
    }
}

/// Puts a value at a JSON pointer, making the maps on the way there; a list must have the element already.
pub fn put(object: &mut Value, pointer: &str, value: Value) -> bool {
    let mut at = object;
    let mut names = pointer.split('/').skip(1).map(unescaped).peekable();
    while let Some(name) = names.next() {
        let next = match at {
            Value::Array(elements) => name
                .parse()
                .ok()
                .and_then(|index: usize| elements.get_mut(index)),
            Value::Object(fields) => Some(fields.entry(name).or_insert(Value::Null)),
            _ => None,
        };
        let Some(next) = next else {
            return false;
        };
        if names.peek().is_some() && next.is_null() {
            *next = Value::Object(serde_json::Map::new());
        }
        at = next;
    }
    *at = value;
    true
}

/// RFC 6901: a name as it stands in a pointer.
fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kind::Kind;

    #[test]
    fn a_value_is_put_where_the_pointer_leads() {
        let cases = [
            (json!({}), "/data/ca.crt", json!({"data": {"ca.crt": "x"}})),
            (json!({"a": null}), "/a/b~1c", json!({"a": {"b/c": "x"}})),
            (
                json!({"l": [{}, {}]}),
                "/l/1/v",
                json!({"l": [{}, {"v": "x"}]}),
            ),
        ];
        for (mut object, pointer, wanted) in cases {
            assert!(put(&mut object, pointer, json!("x")));
            assert_eq!(object, wanted, "{pointer}");
        }
        for (mut object, pointer) in [(json!({"l": []}), "/l/0"), (json!({"a": "text"}), "/a/b")] {
            assert!(!put(&mut object, pointer, json!("x")), "{pointer}");
        }
    }

    #[test]
    fn a_value_is_written_in_its_form() {
        let id = ResourceId::new(&Kind::of::<Secret>(), "shop", "ca");
        let secret = json!({"data": {"ca.crt": "aGVsbG8="}});
        let of = |form| {
            let (from, key) = (id.clone(), "ca.crt".to_owned());
            Borrowed { from, key, form }.of(&secret)
        };
        assert_eq!(of(Form::Stored), Some(json!("aGVsbG8=")));
        assert_eq!(of(Form::Text), Some(json!("hello")));
        assert_eq!(of(Form::Fingerprint), Some(json!("2cf24dba5fb0a30e")));
    }
}
