//! What is a recorded scenario made of?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Requests that belong together, and what a real server answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// Whether it wants a namespace of its own.
    #[serde(default = "yes")]
    pub(crate) namespace: bool,
    #[serde(default)]
    pub(crate) ignore: Vec<Ignore>,
    pub(crate) steps: Vec<Step>,
}

/// One request.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) about: String,
    #[serde(default = "get")]
    pub(crate) method: String,
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) body: Option<Value>,
    #[serde(rename = "bodyText")]
    pub(crate) body_text: Option<String>,
    #[serde(rename = "bodyFrom")]
    pub(crate) body_from: Option<BodyFrom>,
    #[serde(default)]
    pub(crate) ignore: Vec<Ignore>,
    #[serde(default)]
    pub(crate) keep: Vec<Keep>,
    pub(crate) until: Option<Until>,
    pub(crate) watch: Option<Watch>,
    pub(crate) collect: Option<String>,
    pub(crate) sleep: Option<f64>,
    pub(crate) expect: Option<Expect>,
}

/// A place that is not compared.
#[derive(Debug, Deserialize)]
pub(crate) struct Ignore {
    pub(crate) pointer: String,
}

/// Elements of a list, or keys of an object, that alone are compared.
#[derive(Debug, Deserialize)]
pub(crate) struct Keep {
    pub(crate) pointer: String,
    #[serde(default)]
    pub(crate) key: String,
    pub(crate) values: Vec<Value>,
}

/// An earlier answer, edited and sent back.
#[derive(Debug, Deserialize)]
pub(crate) struct BodyFrom {
    pub(crate) step: String,
    #[serde(default)]
    pub(crate) pointer: String,
    #[serde(default)]
    pub(crate) ops: Vec<Value>,
}

/// What must hold before the answer is compared.
#[derive(Debug, Deserialize)]
pub(crate) struct Until {
    pub(crate) status: Option<u16>,
    #[serde(default, rename = "match")]
    pub(crate) matches: Vec<Map<String, Value>>,
    #[serde(default = "patience", rename = "timeoutSeconds")]
    pub(crate) timeout_seconds: f64,
}

/// How a stream is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Watch {
    /// How many events; all until the server closes where absent.
    pub(crate) events: Option<usize>,
    #[serde(default = "patience", rename = "timeoutSeconds")]
    pub(crate) timeout_seconds: f64,
    /// The name under which a later step collects what was seen.
    pub(crate) background: Option<String>,
    #[serde(default = "settle")]
    pub(crate) settle: f64,
}

/// The recorded answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Expect {
    pub(crate) status: u16,
    #[serde(rename = "contentType")]
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) body: Value,
    #[serde(default, rename = "bodyIgnored")]
    pub(crate) body_ignored: bool,
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
}

fn yes() -> bool {
    true
}

fn get() -> String {
    "GET".to_owned()
}

fn patience() -> f64 {
    20.0
}

fn settle() -> f64 {
    0.4
}

/// A body of `null` is a body.
fn present<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(source).map(Some)
}

/// All scenarios that `only` chooses, by `area/name`.
pub(crate) fn load(directory: &Path, only: &str) -> BTreeMap<String, Scenario> {
    let mut scenarios = BTreeMap::new();
    for area in entries(directory) {
        let area_name = area
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for file in entries(&area) {
            let text = fs::read_to_string(&file).unwrap();
            let scenario: Scenario = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{} is no scenario: {error}", file.display()));
            let full = format!("{area_name}/{}", scenario.name);
            let chosen = [&full, &scenario.name]
                .into_iter()
                .chain(&scenario.tags)
                .any(|text| matches(only.as_bytes(), text.as_bytes()));
            if chosen {
                scenarios.insert(full, scenario);
            }
        }
    }
    scenarios
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A glob with `*` and `?`.
fn matches(glob: &[u8], text: &[u8]) -> bool {
    match (glob.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, tail)| matches(glob, tail))
        }
        (Some((b'?', glob)), Some((_, text))) => matches(glob, text),
        (Some((one, glob)), Some((other, text))) if one == other => matches(glob, text),
        _ => false,
    }
}

#[test]
fn a_glob_matches_as_in_a_shell() {
    for (glob, text, matched) in [
        ("*", "list/fields", true),
        ("ssa-*/*", "ssa-basics/x", true),
        ("list/fiel?s", "list/fields", true),
        ("list", "list/fields", false),
    ] {
        assert_eq!(matches(glob.as_bytes(), text.as_bytes()), matched, "{glob}");
    }
}
