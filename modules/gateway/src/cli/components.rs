//! Which components are there? As the collector lists them, and for people.

use std::{
    io::{self, IsTerminal as _, Write as _, stdout},
    process::ExitCode,
};

use clap::ValueEnum;
use collector_config::{Class, ComponentType, Stability};
use serde_json::{Map, Value, json};

use crate::config::{COMPONENTS, signals};

/// How components are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// As the collector does it.
    Yaml,
    /// The same as JSON.
    Json,
}

/// Lists all components.
pub(crate) fn list(format: Option<Format>) -> ExitCode {
    let people = stdout().is_terminal();
    let text = match format.unwrap_or(if people { Format::Text } else { Format::Yaml }) {
        Format::Text => text(),
        Format::Json => format!("{:#}\n", document()),
        Format::Yaml => yaml(&document()),
    };
    print(text.as_bytes())
}

/// Writes what was asked for. Whoever has read enough of it may have gone, which is no failure.
pub(super) fn print(text: &[u8]) -> ExitCode {
    let mut out = stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// A value as YAML.
pub(super) fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).expect("maps with text keys, lists and scalars can be written")
}

fn document() -> Value {
    let mut sections = Map::new();
    let build = json!({
        "command": "gateway",
        "description": "The reference OTLP gateway",
        "version": env!("CARGO_PKG_VERSION"),
    });
    sections.insert("buildinfo".to_owned(), build);
    for class in Class::ALL {
        let components = of(class).map(|kind| {
            let mut stability = Map::new();
            for signal in signals(kind) {
                stability.insert(signal.to_string(), level(kind.stability(*signal)).into());
            }
            if class == Class::Extension {
                let any = collector_config::Signal::Traces;
                stability.insert("extension".to_owned(), level(kind.stability(any)).into());
            }
            json!({"name": kind.name, "stability": stability, "deprecated_name": kind.renamed.map(|(old, _)| old)})
        });
        let components: Vec<Value> = components.collect();
        sections.insert(class.section().to_owned(), components.into());
    }
    Value::Object(sections)
}

fn of(class: Class) -> impl Iterator<Item = &'static ComponentType> {
    COMPONENTS
        .iter()
        .copied()
        .filter(move |kind| kind.class == class)
}

/// The collector's word for it, since it is the collector's configuration that is meant.
fn level(stability: Option<Stability>) -> &'static str {
    match stability {
        Some(Stability::Stable) => "Stable",
        Some(Stability::Beta) => "Beta",
        Some(Stability::Alpha) => "Alpha",
        Some(Stability::Development) => "Development",
        Some(Stability::Deprecated) => "Deprecated",
        None => "Undefined",
    }
}

fn text() -> String {
    let mut text = String::new();
    for class in Class::ALL
        .into_iter()
        .filter(|class| of(*class).next().is_some())
    {
        text.push_str(class.section());
        text.push('\n');
        for kind in of(class) {
            let carried: Vec<_> = signals(kind).iter().map(ToString::to_string).collect();
            let old = kind
                .renamed
                .map_or_else(String::new, |(old, _)| format!("  (also `{old}`)"));
            let line = format!("  {:<24} {:<22}{old}", kind.name, carried.join(", "));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_listed_for_programs_and_for_people() {
        let document = document();
        let names = |section: &str| -> Vec<String> {
            let list = document[section].as_array().unwrap();
            list.iter()
                .map(|one| one["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names("receivers"), ["otlp"]);
        assert_eq!(names("extensions"), ["file_storage", "health_check"]);
        assert!(names("exporters").contains(&"otlp_grpc".to_owned()));
        assert_eq!(document["receivers"][0]["stability"]["traces"], "Stable");
        assert!(
            text().contains("  otlp_grpc                traces, metrics, logs   (also `otlp`)\n"),
            "{}",
            text()
        );
    }
}
