//! What does a text in YAML say, and in which lines?

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Budget, Options, Spanned};

use super::problem::{KeyPath, Problem};

/// A value, and the lines of its keys.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Text {
    pub(super) value: Value,
    pub(super) lines: BTreeMap<KeyPath, u64>,
}

/// A value with its lines, as it is read.
enum Tree {
    Scalar(Value),
    List(Vec<Spanned<Tree>>),
    Fields(Vec<(Spanned<String>, Tree)>),
}

/// Reads a text in YAML 1.2: `y`, `no` and `off` are texts, and a key that stands twice is an error.
pub(super) fn read(source: &str, text: &str) -> Result<Text, Problem> {
    let tree: Option<Tree> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            let what = error.without_snippet().to_string();
            Problem::of_source(source, line, format!("not YAML: {}", plain(&what)))
        })?;
    let mut read = Text::default();
    if let Some(tree) = tree {
        read.value = tree.settle(&mut KeyPath::new(), &mut read.lines);
    }
    Ok(read)
}

/// Why a text is not YAML, without the line, which is said before it, and without what concerns programmers.
fn plain(what: &str) -> &str {
    let is_place = |end: &str| {
        end.split_once(", column ")
            .is_some_and(|(line, column)| line.parse::<u64>().and(column.parse::<u64>()).is_ok())
    };
    let what = match what.rsplit_once(" at line ") {
        Some((what, end)) if is_place(end) => what,
        _ => what,
    };
    match what.split_once(", set DuplicateKeyPolicy") {
        Some((what, _)) => what,
        None => what,
    }
}

/// The value of one scalar, list or mapping, as it stands in a variable; none if it is not YAML.
pub(super) fn scalar(text: &str) -> Option<Value> {
    read("", text).ok().map(|text| text.value)
}

fn options() -> Options {
    // A configuration is written by people: what is deeper was not.
    let mut budget = Budget::default();
    budget.max_depth = 48;
    serde_saphyr::options! { strict_booleans: true, budget: Some(budget) }
}

impl Tree {
    fn settle(self, path: &mut KeyPath, lines: &mut BTreeMap<KeyPath, u64>) -> Value {
        match self {
            Self::Scalar(value) => value,
            Self::List(items) => {
                let items = items.into_iter().enumerate().map(|(index, item)| {
                    path.push(index.to_string());
                    lines.insert(path.clone(), item.referenced.line());
                    let value = item.value.settle(path, lines);
                    path.pop();
                    value
                });
                Value::Array(items.collect())
            }
            Self::Fields(fields) => {
                let fields = fields.into_iter().map(|(key, field)| {
                    path.push(key.value.clone());
                    lines.insert(path.clone(), key.referenced.line());
                    let value = field.settle(path, lines);
                    path.pop();
                    (key.value, value)
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        // JSON has no infinity: the text says it to whoever does not want it.
        let number = serde_json::Number::from_f64(value);
        Ok(Tree::Scalar(number.map_or_else(
            || Value::String(value.to_string()),
            Value::Number,
        )))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut found = Vec::new();
        while let Some(field) = fields.next_entry()? {
            found.push(field);
        }
        Ok(Tree::Fields(found))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> KeyPath {
        text.split('.').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn each_key_and_each_item_knows_its_line() {
        let text = "a:\n  b: 1\n  c:\n    - x\n    - {d: off}\n# nothing\ne: 1.5\n1: ~\n";
        let read = read("f", text).unwrap();
        assert_eq!(
            read.value,
            json!({"a": {"b": 1, "c": ["x", {"d": "off"}]}, "e": 1.5, "1": null})
        );
        for (key, line) in [
            ("a", 1),
            ("a.b", 2),
            ("a.c", 3),
            ("a.c.0", 4),
            ("a.c.1.d", 5),
            ("e", 7),
            ("1", 8),
        ] {
            assert_eq!(read.lines.get(&path(key)), Some(&line), "{key}");
        }
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (text, line) in [
            ("a: [1\nb: 2\n", 2),
            ("a: 1\na: 2\n", 2),
            ("a: *b\n", 1),
            ("a:\n - b\n  c: d", 3),
        ] {
            let problem = read("f", text).unwrap_err();
            assert!(
                problem.place.is_some_and(|place| place.line >= line.min(1)),
                "{text}"
            );
            assert!(problem.what.starts_with("not YAML: "), "{}", problem.what);
            assert!(!problem.what.contains("line"), "{}", problem.what);
        }
        for (text, what) in [
            ("a: [1\n", "not YAML: unclosed bracket '['"),
            ("a: 1\na: 2\n", "not YAML: duplicate mapping key: a"),
        ] {
            assert_eq!(read("f", text).unwrap_err().what, what);
        }
        let deep = "[".repeat(100_000);
        assert!(read("f", &deep).is_err());
        assert_eq!(read("f", "").unwrap().value, Value::Null);
    }
}
