//! Where does a configuration come from? Files, variables, and keys that were set beside them, the later before the earlier.

use std::{collections::BTreeMap, fs, path::PathBuf, str::FromStr};

use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    expand::Surroundings,
    problem::{KeyPath, Place, Problem},
    tree,
};

/// One place that a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file: a path, or `file:` and a path.
    File(PathBuf),
    /// A variable that holds a configuration: `env:NAME`.
    Variable(String),
    /// A text that is a configuration: `yaml:` and keys joined by `::` before their value.
    Text(String),
    /// One key that is set: `receivers.otlp.protocols.grpc.endpoint=0.0.0.0:4317`.
    Set(Setting),
}

/// One key that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    path: KeyPath,
    value: String,
}

/// A text that sets no key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not `key=value`, such as `exporters.otlp.endpoint=backend:4317`")]
pub struct NoSetting(String);

/// A scheme that is not read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}:` is not read from; `file:`, `env:` and `yaml:` are")]
pub struct NoSource(String);

/// Several sources as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Merged {
    pub(super) value: Value,
    pub(super) places: BTreeMap<KeyPath, Place>,
}

impl FromStr for Source {
    type Err = NoSource;

    fn from_str(text: &str) -> Result<Self, NoSource> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Ok(Self::File(text.into()));
        };
        Ok(match scheme {
            "file" => Self::File(rest.into()),
            "env" => Self::Variable(rest.to_owned()),
            "yaml" => Self::Text(rest.to_owned()),
            // A path may have a colon in it, and what looks like a scheme is none then.
            _ if rest.starts_with("//") => return Err(NoSource(scheme.to_owned())),
            _ => Self::File(text.into()),
        })
    }
}

impl FromStr for Setting {
    type Err = NoSetting;

    fn from_str(text: &str) -> Result<Self, NoSetting> {
        let wrong = || NoSetting(text.to_owned());
        let (key, value) = text.split_once('=').ok_or_else(wrong)?;
        let path = keys(&key.replace('.', "::"));
        if path.iter().any(String::is_empty) {
            return Err(wrong());
        }
        let value = value.to_owned();
        Ok(Self { path, value })
    }
}

/// The keys of a path as the collector joins them.
fn keys(text: &str) -> KeyPath {
    text.split("::").map(|key| key.trim().to_owned()).collect()
}

/// A value below its keys.
fn below(path: &[String], value: Value) -> Value {
    path.iter().rev().fold(value, |inner, key| {
        Value::Object(Map::from_iter([(key.clone(), inner)]))
    })
}

impl Source {
    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Variable(name) => format!("env:{name}"),
            Self::Text(_) => "`yaml:`".to_owned(),
            Self::Set(_) => "--set".to_owned(),
        }
    }

    fn read(&self, around: &Surroundings) -> Result<tree::Text, Problem> {
        let name = self.name();
        match self {
            Self::File(path) => {
                let bytes = fs::read(path).map_err(|error| {
                    Problem::of_source(&name, 0, format!("could not be read: {error}"))
                })?;
                tree::read(&name, in_utf8(&name, &bytes)?)
            }
            Self::Variable(variable) => {
                let text = around.variable(variable);
                let text = text.ok_or_else(|| Problem::of_source(&name, 0, "is not set"))?;
                tree::read(&name, &text)
            }
            Self::Text(text) => tree::read(&name, text).map(spread),
            Self::Set(Setting { path, value }) => {
                let tree::Text { value, .. } = tree::read(&name, value)?;
                let lines = BTreeMap::from([(path.clone(), 0)]);
                let value = below(path, value);
                Ok(tree::Text { value, lines })
            }
        }
    }
}

/// A file as a text, or where it is none: a configuration is written in UTF-8.
fn in_utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.split(|byte| *byte == b'\n').skip(1).count();
        let what = "is not UTF-8 here: save it in that encoding";
        Problem::of_source(name, line as u64, what)
    })
}

/// A text whose outermost keys are paths: `a::b: 1`.
fn spread(text: tree::Text) -> tree::Text {
    let Value::Object(fields) = text.value else {
        return text;
    };
    let mut value = Value::Null;
    for (key, field) in fields {
        merge(&mut value, below(&keys(&key), field));
    }
    let lines = BTreeMap::new();
    tree::Text { value, lines }
}

/// Reads all sources and puts the later over the earlier.
pub(super) fn read(sources: &[Source], around: &Surroundings) -> Result<Merged, Vec<Problem>> {
    let mut merged = Merged::default();
    let mut problems = Vec::new();
    for source in sources {
        let name = source.name();
        match source.read(around) {
            Ok(tree::Text { value, lines }) => {
                if !matches!(value, Value::Null | Value::Object(_)) {
                    problems.push(Problem::of_source(&name, 1, "must be keys with values"));
                    continue;
                }
                let place = |line| Place {
                    source: name.clone(),
                    line,
                };
                merged
                    .places
                    .extend(lines.into_iter().map(|(path, line)| (path, place(line))));
                // A file without a word in it changes nothing.
                if !value.is_null() {
                    merge(&mut merged.value, value);
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(merged)
    } else {
        Err(problems)
    }
}

/// Puts one value over another, as the collector does: keys are put together, and everything else is replaced.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(&key) {
                    Some(there) => merge(there, value),
                    None => {
                        under.insert(key, value);
                    }
                }
            }
        }
        (under, over) => *under = over,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(texts: &[&str]) -> Merged {
        let sources: Vec<_> = texts
            .iter()
            .map(|text| Source::Text((*text).to_owned()))
            .collect();
        read(&sources, &Surroundings::default()).unwrap()
    }

    #[test]
    fn later_keys_go_before_earlier_ones_and_lists_are_replaced() {
        let merged = merged(&[
            "{a: {b: 1, c: [1, 2], h: {i: 1}}, d: x}",
            "{a: {c: [3], h: ~}}",
            "",
            "{'a::f::g': on}",
        ]);
        assert_eq!(
            merged.value,
            json!({"a": {"b": 1, "c": [3], "h": null, "f": {"g": "on"}}, "d": "x"})
        );
    }

    #[test]
    fn a_key_that_is_set_is_yaml() {
        for (text, value) in [
            ("a.b=1", json!({"a": {"b": 1}})),
            ("a::b=[x, true]", json!({"a": {"b": ["x", true]}})),
            ("a=b=c", json!({"a": "b=c"})),
            ("a=", json!({"a": null})),
        ] {
            let set = Source::Set(text.parse().unwrap());
            let read = read(&[set], &Surroundings::default()).unwrap();
            assert_eq!(read.value, value, "{text}");
        }
        for text in ["a", "=b", "a..b=c", ""] {
            assert_eq!(text.parse::<Setting>(), Err(NoSetting(text.to_owned())));
        }
    }

    #[test]
    fn a_file_in_another_encoding_says_where_it_is_not_utf8() {
        assert_eq!(in_utf8("f", "a: \u{e9}\n".as_bytes()), Ok("a: \u{e9}\n"));
        for (bytes, line) in [(&b"\xff\xfea"[..], 1), (b"a: 1\n# caf\xe9\nb: 2\n", 2)] {
            let problem = in_utf8("f", bytes).unwrap_err().to_string();
            let expected = format!("f:{line}: is not UTF-8 here");
            assert!(problem.starts_with(&expected), "{problem}");
        }
    }

    #[test]
    fn a_source_is_a_path_unless_it_says_otherwise() {
        for (text, source) in [
            ("a/b.yaml", Source::File("a/b.yaml".into())),
            ("file:/a", Source::File("/a".into())),
            ("env:A", Source::Variable("A".to_owned())),
            ("yaml:a::b: 1", Source::Text("a::b: 1".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(source));
        }
        for text in ["https://a", "s3://a/b"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
        let missing = read(
            &["/nowhere/a.yaml".parse().unwrap()],
            &Surroundings::default(),
        );
        assert!(
            missing.unwrap_err()[0]
                .to_string()
                .starts_with("/nowhere/a.yaml: could not be read")
        );
    }
}
