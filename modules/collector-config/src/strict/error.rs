//! Why can a value not be read, in words for those who wrote it?

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Path;
use crate::nearest::nearest;

/// Why a value cannot be read.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) place: Place,
    pub(super) message: String,
}

/// Where it stands: whoever reads the value around it knows.
#[derive(Debug)]
pub(super) enum Place {
    Here,
    Known(Path),
}

impl Error {
    fn of(message: String) -> Self {
        Self {
            place: Place::Here,
            message,
        }
    }

    /// The same, with its place if it has none yet.
    pub(super) fn at(self, path: impl FnOnce() -> Path) -> Self {
        match self.place {
            Place::Here => Self {
                place: Place::Known(path()),
                message: self.message,
            },
            Place::Known(_) => self,
        }
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let most = most(&wanted.to_string());
        if let (Unexpected::Unsigned(number), Some(most)) = (found, most) {
            return Self::of(format!("must be at most {most}, not {number}"));
        }
        Self::of(format!("must be {}, not {}", Wanted(wanted), Found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::invalid_type(found, wanted)
    }

    fn unknown_variant(given: &str, known: &'static [&'static str]) -> Self {
        let shouted = |name: &str| {
            let small = name.to_lowercase();
            small != name && known.contains(&small.as_str())
        };
        // A second spelling is for those who know it.
        let names = known.iter().copied().filter(|name| !shouted(name));
        let all = names.clone().map(|name| format!("`{name}`"));
        let all = all.collect::<Vec<_>>().join(", ");
        Self::of(match nearest(given, names) {
            Some(meant) => {
                format!("`{given}` is not known; did you mean `{meant}`? There are {all}")
            }
            None => format!("`{given}` is not known: there are {all}"),
        })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::of(format!("`{name}` is missing"))
    }
}

/// The largest number that a type holds, where it is one that a person may exceed.
fn most(wanted: &str) -> Option<u64> {
    Some(match wanted {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "i32" => i32::MAX.unsigned_abs().into(),
        "i64" => i64::MAX.unsigned_abs(),
        _ => return None,
    })
}

/// What a visitor wants, without the names of Rust's types.
struct Wanted<'a>(&'a dyn Expected);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = self.0.to_string();
        f.write_str(match wanted.as_str() {
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "f32" | "f64" => "a number",
            "a boolean" => "`true` or `false`",
            "a string" => "a text",
            "a sequence" => "a list",
            other if other.starts_with("struct ") || other == "a map" => "keys with values",
            other if other.starts_with("enum ") => "one of its names",
            other => other,
        })
    }
}

/// What was found.
struct Found<'a>(Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "`{value}`"),
            Unexpected::Unsigned(value) => write!(f, "the number {value}"),
            Unexpected::Signed(value) => write!(f, "the number {value}"),
            Unexpected::Float(value) => write!(f, "the number {value}"),
            // It may be a secret in the wrong place.
            Unexpected::Str(_) => f.write_str("a text"),
            Unexpected::Unit => f.write_str("nothing"),
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("keys with values"),
            other => write!(f, "{other}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
