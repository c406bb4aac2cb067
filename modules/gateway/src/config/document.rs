//! What stands in a configuration, section by section?

use std::collections::BTreeMap;

use collector_config::{Class, ComponentId, PipelineId, strict::nearest_name};
use serde::Deserialize;
use serde_json::Value;

use super::{
    at::At,
    components::{Known, known, no_connector},
    read::{self, TelemetryText},
};
use crate::settings::{Exporter, FileStorage, HealthCheck, Otlp, Pipeline, Processor};

/// The sections of a configuration.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Document {
    receivers: BTreeMap<String, Value>,
    processors: BTreeMap<String, Value>,
    exporters: BTreeMap<String, Value>,
    connectors: BTreeMap<String, Value>,
    extensions: BTreeMap<String, Value>,
    pub(super) service: Service,
}

/// What runs.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Service {
    pub(super) extensions: Vec<String>,
    pub(super) telemetry: TelemetryText,
    pub(super) pipelines: BTreeMap<String, PipelineText>,
}

/// A pipeline as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PipelineText {
    pub(super) receivers: Vec<String>,
    pub(super) processors: Vec<String>,
    pub(super) exporters: Vec<String>,
}

/// A component that the gateway runs, and the name of its type today.
pub(super) struct Defined<T> {
    pub(super) kind: &'static collector_config::ComponentType,
    /// None where its settings could not be read.
    pub(super) settings: Option<T>,
}

/// Components by their ids.
pub(super) type Section<T> = BTreeMap<ComponentId, Defined<T>>;

/// An extension.
pub(super) enum Extension {
    Health(HealthCheck),
    Storage(FileStorage),
    PassedOver,
}

/// All components of a configuration.
pub(super) struct Components {
    pub(super) receivers: Section<Otlp>,
    pub(super) processors: Section<Processor>,
    pub(super) exporters: Section<Exporter>,
    pub(super) extensions: Section<Extension>,
}

impl Document {
    /// Reads the settings of all components, used or not.
    pub(super) fn components(&self, memory: Option<u64>, root: &At<'_>) -> Components {
        section(
            Class::Connector,
            &self.connectors,
            root,
            |_, _, _| None::<()>,
        );
        Components {
            receivers: section(Class::Receiver, &self.receivers, root, |_, settings, at| {
                Some(read::otlp(at.component(settings)?, at))
            }),
            processors: section(
                Class::Processor,
                &self.processors,
                root,
                |kind, settings, at| read::processor(kind, settings, memory, at),
            ),
            exporters: section(Class::Exporter, &self.exporters, root, read::exporter),
            extensions: section(Class::Extension, &self.extensions, root, extension),
        }
    }
}

fn extension(kind: &str, settings: &Value, at: &At<'_>) -> Option<Extension> {
    match kind {
        "health_check" => read::health_check(settings, at).map(Extension::Health),
        "file_storage" => read::storage(settings, at).map(Extension::Storage),
        _ => Some(Extension::PassedOver),
    }
}

/// Reads the components of one section.
fn section<T>(
    class: Class,
    texts: &BTreeMap<String, Value>,
    root: &At<'_>,
    read: impl Fn(&str, &Value, &At<'_>) -> Option<T>,
) -> Section<T> {
    let at = root.key(class.section());
    let mut found = Section::new();
    for (text, settings) in texts {
        let at = at.key(text);
        let id = match text.parse::<ComponentId>() {
            Ok(id) => id,
            Err(error) => {
                at.refuse(error.to_string());
                continue;
            }
        };
        match known(class, id.kind()) {
            Known::Runs(kind) => {
                let settings = read(kind.name, settings, &at);
                if found.insert(id, Defined { kind, settings }).is_some() {
                    at.refuse("is there twice, with other blanks around its `/`");
                }
            }
            Known::PassesOver => {
                at.note("is passed over: the gateway has nothing to show there");
                let kind = class.find(id.kind()).expect("it was found before");
                let settings = read(kind.name, settings, &at);
                found.insert(id, Defined { kind, settings });
            }
            Known::Not(what, nearest, runs) => at.refuse_component(what, nearest, runs),
        }
    }
    found
}

impl PipelineText {
    /// The pipeline with what it names, as far as that is there.
    pub(super) fn settle(&self, id: &PipelineId, components: &Components, at: &At<'_>) -> Pipeline {
        let Components {
            receivers,
            processors,
            exporters,
            ..
        } = components;
        for (list, key) in [
            (&self.receivers, "receivers"),
            (&self.exporters, "exporters"),
        ] {
            if list.is_empty() {
                at.key(key).refuse(format!("a pipeline needs {key}"));
            }
        }
        Pipeline {
            receivers: members(&self.receivers, receivers, Class::Receiver, id, at),
            processors: members(&self.processors, processors, Class::Processor, id, at),
            exporters: members(&self.exporters, exporters, Class::Exporter, id, at),
        }
    }
}

/// What one list of a pipeline names.
fn members<T>(
    names: &[String],
    defined: &Section<T>,
    class: Class,
    pipeline: &PipelineId,
    at: &At<'_>,
) -> Vec<ComponentId> {
    let at = at.key(class.section());
    let mut found: Vec<ComponentId> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let at = at.key(&index.to_string());
        let Some(id) = named(name, defined, class, &at) else {
            continue;
        };
        if found.contains(&id) {
            at.refuse(format!("`{id}` is named twice"));
        }
        let carries = &defined[&id].kind;
        if !carries.takes(pipeline.signal) {
            at.refuse(format!("`{id}` does not carry {}", pipeline.signal));
        }
        found.push(id);
    }
    found
}

/// The component of that name, by its type's name of today or of old.
pub(super) fn named<T>(
    name: &str,
    defined: &Section<T>,
    class: Class,
    at: &At<'_>,
) -> Option<ComponentId> {
    let id = match name.parse::<ComponentId>() {
        Ok(id) => id,
        Err(error) => {
            at.refuse(error.to_string());
            return None;
        }
    };
    if defined.contains_key(&id) {
        return Some(id);
    }
    let today = id.clone().canonical(class);
    if let Some((same, _)) = defined
        .iter()
        .find(|(one, _)| (*one).clone().canonical(class) == today)
    {
        return Some(same.clone());
    }
    if at.refused(class, name) || at.refused(Class::Connector, name) {
        return None;
    }
    if class.find(id.kind()).is_some()
        && let Known::Not(what, _, runs) = known(class, id.kind())
    {
        at.refuse_component(what, None, runs);
        return None;
    }
    if Class::Connector.find(id.kind()).is_some() {
        at.refuse(no_connector(name));
        return None;
    }
    let names: Vec<String> = defined.keys().map(ToString::to_string).collect();
    let nearest = nearest_name(name, names.iter().map(String::as_str));
    at.refuse_for(format!("the {class} `{id}` is not defined"), nearest);
    None
}
