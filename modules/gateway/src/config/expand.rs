//! What stands in the place of `${…}`?

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use super::{
    problem::{KeyPath, Note, Problem},
    tree,
};

/// What a configuration may ask of the place in which it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The variables.
    pub variables: BTreeMap<String, String>,
    /// How many bytes of memory there are for the process; none if nobody knows.
    pub memory: Option<u64>,
}

/// A configuration with everything in its place.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    pub(super) value: Value,
    /// How values are spelled that were only a variable.
    pub(super) spelled: BTreeMap<KeyPath, String>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
}

/// How often something that was put in place may hold more to be put in place.
const DEPTH: u32 = 32;
/// How large a text may grow by it.
const LONGEST: usize = 1 << 20;

impl Surroundings {
    /// Those of this process.
    pub fn here() -> Self {
        let variables = std::env::vars_os();
        let variables = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self {
            variables: variables.collect(),
            memory: super::memory::of_this_process(),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

/// Puts everything in its place.
pub(super) fn expand(value: Value, around: &Surroundings) -> Expanded {
    let mut expanded = Expanded::default();
    expanded.value = expanded.inside(value, &mut KeyPath::new(), around, DEPTH);
    expanded
}

impl Expanded {
    fn inside(
        &mut self,
        value: Value,
        path: &mut KeyPath,
        around: &Surroundings,
        depth: u32,
    ) -> Value {
        match value {
            Value::String(text) => self.text(text, path, around, depth),
            Value::Array(items) => {
                let items = items.into_iter().enumerate().map(|(index, item)| {
                    path.push(index.to_string());
                    let item = self.inside(item, path, around, depth);
                    path.pop();
                    item
                });
                Value::Array(items.collect())
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, field)| {
                    path.push(key.clone());
                    let field = self.inside(field, path, around, depth);
                    path.pop();
                    (key, field)
                });
                Value::Object(fields.collect())
            }
            other => other,
        }
    }

    fn text(
        &mut self,
        mut text: String,
        path: &mut KeyPath,
        around: &Surroundings,
        depth: u32,
    ) -> Value {
        for _ in 0..depth {
            let Some(asked) = asked(&text) else {
                return Value::String(text.replace("$$", "$"));
            };
            let found = match self.found(asked, path, around) {
                Ok(found) => found,
                Err(why) => {
                    self.problems.push(Problem::at(path.clone(), why));
                    return Value::Null;
                }
            };
            if asked.len() == text.len() {
                return self.whole(found, path, around, depth - 1);
            }
            text = text.replace(asked, &found);
            if text.len() > LONGEST {
                break;
            }
        }
        let why = "what is put in the place of `${…}` asks for more and more";
        self.problems.push(Problem::at(path.clone(), why));
        Value::Null
    }

    /// A value that is what was asked for and nothing else: it may be a number, a list, anything.
    fn whole(
        &mut self,
        found: String,
        path: &mut KeyPath,
        around: &Surroundings,
        depth: u32,
    ) -> Value {
        match tree::scalar(&found) {
            None | Some(Value::String(_)) => self.text(found, path, around, depth),
            Some(value @ (Value::Array(_) | Value::Object(_))) => {
                self.inside(value, path, around, depth)
            }
            Some(value) => {
                self.spelled.insert(path.clone(), found);
                value
            }
        }
    }

    /// What is asked for by `${…}`.
    fn found(
        &mut self,
        asked: &str,
        path: &KeyPath,
        around: &Surroundings,
    ) -> Result<String, String> {
        let inner = &asked[2..asked.len() - 1];
        let (scheme, rest) = inner.split_once(':').unwrap_or(("env", inner));
        if rest.contains('$') {
            return Err(format!("`{asked}`: there must be no `$` in it"));
        }
        match scheme {
            "env" => self.variable(rest, path, around),
            "file" => fs::read_to_string(rest)
                .map_err(|error| format!("`{rest}` could not be read: {error}")),
            "yaml" => Ok(rest.to_owned()),
            _ if rest.starts_with('-') => Err(format!(
                "`{asked}`: write `${{env:{inner}}}` for a variable with a default"
            )),
            _ => {
                let known = "`env:`, `file:` and `yaml:` are";
                Err(format!(
                    "`{scheme}:` is not put in the place of `${{…}}`; {known}"
                ))
            }
        }
    }

    fn variable(
        &mut self,
        asked: &str,
        path: &KeyPath,
        around: &Surroundings,
    ) -> Result<String, String> {
        let (name, default) = match asked.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (asked, None),
        };
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !name.starts_with(letter) || !name.chars().all(|c| letter(c) || c.is_ascii_digit()) {
            return Err(format!("`{name}` is not the name of a variable"));
        }
        if let Some(value) = around.variable(name) {
            return Ok(value);
        }
        if default.is_none() {
            let what = format!("the variable `{name}` is not set, and counts as empty");
            let path = path.clone();
            self.notes.push(Note { path, what });
        }
        Ok(default.unwrap_or_default().to_owned())
    }
}

/// The first innermost `${…}` of a text that is not escaped as `$${…}`.
fn asked(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(close) = text[from..].find('}').map(|at| from + at) {
        let open = text[from..close].rfind("${").map(|at| from + at);
        if let Some(open) = open {
            let dollars = text[..open].bytes().rev().take_while(|byte| *byte == b'$');
            if dollars.count() % 2 == 0 {
                return Some(&text[open..=close]);
            }
        }
        from = close + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn around() -> Surroundings {
        let variables = [
            ("HOST", "a"),
            ("PORT", "4317"),
            ("ID", "0123"),
            ("LIST", "[x, '${env:HOST}']"),
            ("AGAIN", "${env:AGAIN}${env:AGAIN}"),
            ("COST", "5$"),
            ("EMPTY", ""),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Surroundings {
            variables: variables.into(),
            memory: None,
        }
    }

    #[test]
    fn variables_stand_in_their_places() {
        for (text, value) in [
            ("${env:HOST}:${env:PORT}", json!("a:4317")),
            ("${HOST}", json!("a")),
            ("${env:PORT}", json!(4317)),
            ("${env:NONE:-4318}", json!(4318)),
            ("${env:NONE:-}", json!(null)),
            ("${env:EMPTY:-x}", json!(null)),
            ("${env:LIST}", json!(["x", "a"])),
            ("${env:${env:NONE:-HOST}}", json!("a")),
            ("$${env:HOST}", json!("${env:HOST}")),
            ("$$${env:HOST}", json!("$a")),
            ("$${x} ${HOST}", json!("${x} a")),
            ("a$", json!("a$")),
            ("${", json!("${")),
            ("}${HOST}", json!("}a")),
            ("${yaml:[1, 2]}", json!([1, 2])),
            ("${env:COST}", json!("5$")),
        ] {
            let expanded = expand(json!(text), &around());
            assert_eq!(expanded.value, value, "{text}");
            assert_eq!(expanded.problems, [], "{text}");
        }
        let id = expand(json!({"a": ["${env:ID}"]}), &around());
        let path = vec!["a".to_owned(), "0".to_owned()];
        assert_eq!(id.spelled, BTreeMap::from([(path, "0123".to_owned())]));
    }

    #[test]
    fn what_cannot_be_put_in_place_is_said() {
        for (text, why) in [
            ("${env:A B}", "`A B` is not the name of a variable"),
            (
                "${HOST:-a}",
                "`${HOST:-a}`: write `${env:HOST:-a}` for a variable with a default",
            ),
            (
                "${http://a}",
                "`http:` is not put in the place of `${…}`; `env:`, `file:` and `yaml:` are",
            ),
            (
                "x${env:AGAIN}",
                "what is put in the place of `${…}` asks for more and more",
            ),
            (
                "${env:AGAIN}",
                "what is put in the place of `${…}` asks for more and more",
            ),
        ] {
            let problems = expand(json!(text), &around()).problems;
            assert_eq!(problems, [Problem::at(KeyPath::new(), why)], "{text}");
        }
        let unset = expand(json!("${env:NONE}"), &around());
        assert_eq!((unset.value, unset.notes.len()), (Value::Null, 1));
    }
}
