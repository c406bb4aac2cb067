//! How a path is printed.

use std::fmt;

use serde_json::Value;

use super::{FieldPath, PathElement};

/// A path as people write it; made by [`FieldPath::short`].
#[derive(Clone, Copy, Debug)]
pub struct ShortPath<'a>(pub(super) &'a FieldPath);

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.elements()
            .iter()
            .try_for_each(|element| write!(f, "{element}"))
    }
}

impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                f.write_str("[")?;
                for (position, (name, value)) in fields.iter().enumerate() {
                    let comma = if position > 0 { "," } else { "" };
                    write!(f, "{comma}{name}={}", Printed(value))?;
                }
                f.write_str("]")
            }
            Self::Value(value) => write!(f, "[={}]", Printed(value)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl fmt::Display for ShortPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, element) in self.0.elements().iter().enumerate() {
            match element {
                PathElement::Field(name) if !is_plain(name) => write!(f, "[{}]", Quoted(name))?,
                PathElement::Field(name) if position == 0 => f.write_str(name)?,
                PathElement::Field(name) => write!(f, ".{name}")?,
                PathElement::Key(fields) => match fields.as_slice() {
                    [(name, Value::String(value))] if name == "name" && is_bare(value) => {
                        write!(f, "[{value}]")?;
                    }
                    _ => short_key(f, fields)?,
                },
                PathElement::Value(_) | PathElement::Index(_) => write!(f, "{element}")?,
            }
        }
        Ok(())
    }
}

fn short_key(f: &mut fmt::Formatter<'_>, fields: &[(String, Value)]) -> fmt::Result {
    f.write_str("[")?;
    for (position, (name, value)) in fields.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        match value {
            Value::String(text) if is_bare(text) && !reads_as_literal(text) => {
                write!(f, "{comma}{name}={text}")?;
            }
            _ => write!(f, "{comma}{name}={}", Printed(value))?,
        }
    }
    f.write_str("]")
}

/// A field name that needs no quotes in a short path.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['.', '[', ']', '{', '}', '"', '=', ','])
        && !name.contains(char::is_whitespace)
}

/// A key value that needs no quotes between brackets.
fn is_bare(value: &str) -> bool {
    is_plain(&value.replace('.', "")) && !value.bytes().all(|byte| byte.is_ascii_digit())
}

fn reads_as_literal(text: &str) -> bool {
    matches!(text, "true" | "false" | "null") || text.parse::<f64>().is_ok()
}

struct Printed<'a>(&'a Value);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => write!(f, "{}", Quoted(text)),
            other => write!(f, "{other}"),
        }
    }
}

/// A string with Go's `%q` escapes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{7}' => f.write_str("\\a")?,
                '\u{8}' => f.write_str("\\b")?,
                '\u{b}' => f.write_str("\\v")?,
                '\u{c}' => f.write_str("\\f")?,
                control if control.is_control() && control.is_ascii() => {
                    write!(f, "\\x{:02x}", control as u32)?;
                }
                control if control.is_control() => write!(f, "\\u{:04x}", control as u32)?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("\"")
    }
}
