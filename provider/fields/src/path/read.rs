//! How a path is read.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Number, Value};

use super::{FieldPath, PathElement};

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not read the path `{text}`: {problem} at character {at}")]
pub struct ParsePathError {
    text: String,
    at: usize,
    problem: &'static str,
}

/// Reads both forms: what the API server prints, and the short one.
///
/// Without a schema `[x]` is the element named `x`; a field whose name holds a dot is written
/// `["app.kubernetes.io/name"]`.
impl FromStr for FieldPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = Reader { text, at: 0 };
        reader.path().map_err(|problem| ParsePathError {
            text: text.to_owned(),
            at: reader.at,
            problem,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn path(&mut self) -> Result<FieldPath, &'static str> {
        let mut path = FieldPath::root();
        if !self.rest().is_empty() && !self.rest().starts_with(['.', '[']) {
            path.push(self.name()?);
        }
        while !self.rest().is_empty() {
            if self.take(".") {
                path.push(self.name()?);
            } else if self.take("[") {
                path.push(self.bracket()?);
            } else {
                return Err("expected `.` or `[`");
            }
        }
        Ok(path)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self) -> Result<PathElement, &'static str> {
        match self.until(&['.', '[']) {
            "" => Err("expected a field name"),
            name => Ok(PathElement::field(name)),
        }
    }

    fn bracket(&mut self) -> Result<PathElement, &'static str> {
        let element = if self.take("=") {
            PathElement::Value(self.value()?)
        } else if self.rest().starts_with('"') {
            PathElement::Field(self.quoted()?)
        } else {
            self.key_or_index()?
        };
        if self.take("]") {
            Ok(element)
        } else {
            Err("expected `]`")
        }
    }

    fn key_or_index(&mut self) -> Result<PathElement, &'static str> {
        let word = self.until(&['=', ']']);
        if !self.take("=") {
            return match word.parse() {
                Ok(index) => Ok(PathElement::Index(index)),
                Err(_) if word.is_empty() => Err("expected an index, a key or a value"),
                Err(_) => Ok(PathElement::key([("name", Value::from(word))])),
            };
        }
        let mut fields = vec![(word.to_owned(), self.value()?)];
        while self.take(",") {
            let name = self.until(&['=', ']']).to_owned();
            if !self.take("=") {
                return Err("expected `=`");
            }
            fields.push((name, self.value()?));
        }
        Ok(PathElement::key(fields))
    }

    fn value(&mut self) -> Result<Value, &'static str> {
        if self.rest().starts_with('"') {
            return self.quoted().map(Value::String);
        }
        if self.rest().starts_with(['[', '{']) {
            return self.json();
        }
        let word = self.until(&[',', ']']);
        match word {
            "" => Err("expected a value"),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => Ok(word
                .parse::<Number>()
                .map_or_else(|_| Value::from(word), Value::Number)),
        }
    }

    fn json(&mut self) -> Result<Value, &'static str> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter();
        let value = values
            .next()
            .and_then(Result::ok)
            .ok_or("expected a JSON value")?;
        self.at += values.byte_offset();
        Ok(value)
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let character = self.next().ok_or("the string has no end")?;
            match character {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                other => out.push(other),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        Ok(match self.next().ok_or("the string has no end")? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            other @ ('"' | '\\') => other,
            _ => return Err("unknown escape"),
        })
    }

    fn code(&mut self, digits: usize) -> Result<char, &'static str> {
        let hex = self.rest().get(..digits).ok_or("the string has no end")?;
        self.at += digits;
        u32::from_str_radix(hex, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or("unknown escape")
    }
}

/// A path travels as its short form, which reads back as the same path.
impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.short())
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_printed_as_the_api_server_prints_them_and_short() {
        let container =
            FieldPath::of(["spec", "containers"]).join(PathElement::key([("name", json!("otlp"))]));
        let port = container.field("ports").join(PathElement::key([
            ("protocol", json!("TCP")),
            ("containerPort", json!(80)),
        ]));
        let label = FieldPath::of(["metadata", "labels", "app.kubernetes.io/name"]);
        let finalizer =
            FieldPath::of(["metadata", "finalizers"]).join(PathElement::Value(json!("a\"b")));
        let cases = [
            (
                container.field("image"),
                r#".spec.containers[name="otlp"].image"#,
                "spec.containers[otlp].image",
            ),
            (
                port,
                r#".spec.containers[name="otlp"].ports[containerPort=80,protocol="TCP"]"#,
                "spec.containers[otlp].ports[containerPort=80,protocol=TCP]",
            ),
            (
                label,
                ".metadata.labels.app.kubernetes.io/name",
                r#"metadata.labels["app.kubernetes.io/name"]"#,
            ),
            (
                finalizer,
                r#".metadata.finalizers[="a\"b"]"#,
                r#"metadata.finalizers[="a\"b"]"#,
            ),
        ];
        for (path, long, short) in cases {
            assert_eq!(path.to_string(), long);
            assert_eq!(path.short().to_string(), short);
            assert_eq!(short.parse(), Ok(path));
        }
    }

    #[test]
    fn both_forms_are_read() {
        let long: FieldPath = r#".spec.containers[name="app"].image"#.parse().unwrap();
        assert_eq!("spec.containers[app].image".parse(), Ok(long));
        for wrong in [".", "a..b", "a[", "a[]", "a[=", "a[x=]", r#"a["b]"#, "a[0"] {
            assert!(wrong.parse::<FieldPath>().is_err(), "{wrong}");
        }
    }
}
