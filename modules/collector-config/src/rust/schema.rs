//! Which types do the settings of components have?
//!
//! The text that declares a type is the one place that says which field has which type, so that is what is read here:
//! a list of it would be a second one.

use std::{collections::BTreeMap, sync::LazyLock};

/// A declared type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared {
    /// The module that it is in; none at the top of the crate.
    pub(super) module: Option<&'static str>,
    pub(super) name: String,
    /// What a field that is left out has.
    pub(super) rest: Rest,
    pub(super) shape: Shape,
}

/// Whether a value can be written without all of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// What is left out is nothing, zero, false or empty.
    Nothing,
    /// All fields have to be written: what is left out is something that a person chose, or there is no default.
    All,
}

/// What a type consists of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Struct(Fields),
    Enum(BTreeMap<String, Variant>),
}

/// Fields and their types, as they are written.
pub(super) type Fields = BTreeMap<String, String>;

/// What a variant holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Variant {
    Unit,
    Tuple(Vec<String>),
    Fields(Fields),
}

macro_rules! sources {
    ($($module:ident)*) => {
        /// The modules of components, and their text.
        const COMPONENTS: &[(&str, &str)] = &[$((
            stringify!($module),
            include_str!(concat!("../components/", stringify!($module), ".rs")),
        )),*];
    };
}

sources! {
    attributes auth awss3 connection count debug diagnostics elasticsearch file_exporter file_log filter google_cloud_storage health host_metrics jaeger jaeger_elasticsearch jaeger_sampling k8s_attributes k8s_cluster k8s_events k8s_objects kubelet_stats leader_election load_balancing otlp otlp_exporters ottl_groups processors prometheus_exporter prometheus_receiver queue remote_write resource_detection routing service_graph span_metrics tail_rules tail_sampling temporality transform
}

static ALL: LazyLock<Vec<Declared>> = LazyLock::new(|| {
    let components = COMPONENTS
        .iter()
        .map(|(module, text)| (Some(*module), *text));
    let telemetry = (None, include_str!("../telemetry.rs"));
    let all = components.chain([telemetry]);
    all.flat_map(|(module, text)| declarations(module, text))
        .collect()
});

/// The type of this name as `module` sees it: its own, or the one of that name that it uses.
pub(super) fn find(module: Option<&str>, name: &str) -> Option<&'static Declared> {
    let named = || ALL.iter().filter(|declared| declared.name == name);
    let own = named().find(|declared| declared.module == module);
    let used = || {
        let (_, text) = COMPONENTS
            .iter()
            .find(|(known, _)| Some(*known) == module)?;
        named().find(|declared| declared.module.is_some_and(|from| uses(text, from, name)))
    };
    own.or_else(used).or_else(|| named().next())
}

/// Whether a text says `from::Name` or `from::{…, Name, …}`.
fn uses(text: &str, from: &str, name: &str) -> bool {
    text.match_indices(&format!("{from}::")).any(|(at, path)| {
        let rest = &text[at + path.len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => rest
                .split([',', ';', '}', '>', '('])
                .next()
                .unwrap_or_default(),
        };
        names.split(',').any(|listed| listed.trim() == name)
    })
}

fn declarations(module: Option<&'static str>, source: &str) -> Vec<Declared> {
    let text = plain(source);
    let mut found = Vec::new();
    for (word, is_enum) in [("pub struct ", false), ("pub enum ", true)] {
        for (at, _) in text.match_indices(word) {
            let rest = &text[at + word.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let rest = rest.strip_prefix('<').map_or(rest, |generic| {
                generic.split_once('>').map_or(generic, |(_, rest)| rest)
            });
            let Some(body) = braced(rest.trim_start()) else {
                continue;
            };
            let shape = if is_enum {
                Shape::Enum(variants(body))
            } else {
                Shape::Struct(fields(body))
            };
            found.push(Declared {
                module,
                name: name.to_owned(),
                rest: rest_of(source, &text[..at], name),
                shape,
            });
        }
    }
    found
}

/// Whether a type's default is nothing at all: derived, and not chosen by a person.
fn rest_of(source: &str, before: &str, name: &str) -> Rest {
    let start = before.rfind(['}', ';']).map_or(0, |at| at + 1);
    let about = &before[start..];
    let in_settings = before.rfind("settings! {").is_some_and(|at| {
        let inside = &before[at + "settings! {".len()..];
        inside.matches('{').count() == inside.matches('}').count()
    });
    let derived = about.split("derive(").skip(1).any(|list| {
        list.split(')')
            .next()
            .is_some_and(|list| list.contains("Default"))
    });
    let own = source.contains(&format!("impl Default for {name} "));
    if (derived || in_settings) && !own {
        Rest::Nothing
    } else {
        Rest::All
    }
}

/// A text without what is said about it to people.
fn plain(source: &str) -> String {
    let lines = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands between the braces at the beginning of a text.
fn braced(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('{')?;
    let mut depth = 1_u32;
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&inner[..at]);
        }
    }
    None
}

/// The parts of a list, without attributes before them.
fn parts(list: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut depth = 0_i32;
    for letter in list.chars() {
        match letter {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            found.push(String::new());
        } else if let Some(last) = found.last_mut() {
            last.push(letter);
        }
    }
    let bare = found.iter().map(|part| without_attributes(part));
    bare.filter(|part| !part.is_empty()).collect()
}

fn without_attributes(part: &str) -> String {
    let mut rest = part.trim();
    while let Some(attribute) = rest.strip_prefix("#[") {
        let mut depth = 1_i32;
        let end = attribute.char_indices().find(|(_, letter)| {
            depth += i32::from(*letter == '[') - i32::from(*letter == ']');
            depth == 0
        });
        rest = end.map_or("", |(at, _)| attribute[at + 1..].trim_start());
    }
    rest.to_owned()
}

fn fields(body: &str) -> Fields {
    let each = |part: String| {
        let part = part.strip_prefix("pub ").unwrap_or(&part).to_owned();
        let (name, kind) = part.split_once(':')?;
        // A path such as `super::queue::Retry` is found by its last name.
        Some((
            name.trim().to_owned(),
            kind.split_whitespace().collect::<String>(),
        ))
    };
    parts(body).into_iter().filter_map(each).collect()
}

fn variants(body: &str) -> BTreeMap<String, Variant> {
    let each = |part: String| {
        let end = part.find(|c: char| !c.is_alphanumeric());
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        let rest = rest.trim();
        let variant = if let Some(inner) = braced(rest) {
            Variant::Fields(fields(inner))
        } else if let Some(inner) = rest.strip_prefix('(') {
            Variant::Tuple(parts(inner.trim_end_matches(')')))
        } else {
            Variant::Unit
        };
        (name.to_owned(), variant)
    };
    parts(body).into_iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_of_components_is_read() {
        let declared = include_str!("../components/mod.rs").lines();
        let modules = declared.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        let read: Vec<_> = COMPONENTS.iter().map(|(module, _)| *module).collect();
        let modules: Vec<_> = modules.collect();
        assert_eq!(modules, read, "`sources!` in this file lists the same");
    }

    #[test]
    fn every_type_of_a_field_is_known() {
        const OTHERS: &[&str] = &[
            "String",
            "bool",
            "u16",
            "u32",
            "u64",
            "i32",
            "i64",
            "f32",
            "f64",
            "Duration",
            "ComponentId",
            "PipelineId",
            "Settings",
            "Value",
            "Condition",
            "Statement",
            "Number",
            "Resource",
            "Span",
            "SpanEvent",
            "Metric",
            "DataPoint",
            "Log",
            "InTraces",
            "InMetrics",
            "InLogs",
            "A",
        ];
        fn names(kind: &str) -> impl Iterator<Item = &str> {
            let words = kind.split(['<', '>', ',']);
            words
                .filter_map(|path| path.rsplit("::").next())
                .filter(|name| !name.is_empty())
        }
        let wrappers = ["Option", "Vec", "BTreeMap", "BTreeSet", "Box"];
        for declared in ALL.iter() {
            let kinds: Vec<&String> = match &declared.shape {
                Shape::Struct(fields) => fields.values().collect(),
                Shape::Enum(variants) => variants
                    .values()
                    .flat_map(|variant| match variant {
                        Variant::Unit => Vec::new(),
                        Variant::Tuple(kinds) => kinds.iter().collect(),
                        Variant::Fields(fields) => fields.values().collect(),
                    })
                    .collect(),
            };
            for name in kinds.into_iter().flat_map(|kind| names(kind)) {
                let known = wrappers.contains(&name)
                    || OTHERS.contains(&name)
                    || find(declared.module, name).is_some();
                assert!(known, "`{name}` in {}", declared.name);
            }
        }
        assert!(ALL.len() > 100, "{}", ALL.len());
    }

    #[test]
    fn a_name_that_two_modules_have_is_the_one_that_is_used() {
        let batch = |module| find(Some(module), "Batch").and_then(|declared| declared.module);
        assert_eq!(batch("queue"), Some("queue"));
        assert_eq!(batch("processors"), Some("processors"));
    }

    #[test]
    fn a_default_that_a_person_chose_is_told_from_one_that_is_nothing() {
        for (module, name, rest) in [
            ("otlp", "GrpcServer", Rest::Nothing),
            ("filter", "Filter", Rest::Nothing),
            ("queue", "SendingQueue", Rest::All),
            ("tail_sampling", "Policy", Rest::All),
        ] {
            assert_eq!(
                find(Some(module), name).map(|d| d.rest),
                Some(rest),
                "{name}"
            );
        }
    }
}
