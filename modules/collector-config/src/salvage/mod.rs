//! What of a configuration can be read, where not all of it can?

mod telemetry;

use serde_json::{Map, Value};

use crate::{
    ComponentId, Config, Pipeline, PipelineId, Service, Signal,
    component::Class,
    config::from_yaml_1_2,
    lint::{Findings, Found, Lint, NOT_IMPORTED, UNREADABLE},
    nearest::nearest,
};

/// What could be read of a configuration.
#[derive(Debug)]
pub(crate) struct Salvaged {
    pub(crate) config: Config,
    /// What could not, and is not in it.
    pub(crate) left_out: Findings,
}

type Fields = Map<String, Value>;

/// Reading under way.
#[derive(Default)]
struct Salvage {
    left_out: Vec<(&'static Lint, Found)>,
}

/// Reads all that can be read, and says of everything else what is wrong with it.
///
/// # Errors
/// When it is no YAML.
pub(crate) fn read(text: &str) -> Result<Salvaged, serde_saphyr::Error> {
    if let Ok(config) = Config::from_yaml(text) {
        let left_out = Findings::default();
        return Ok(Salvaged { config, left_out });
    }
    let document: Value = from_yaml_1_2(text)?;
    let mut salvage = Salvage::default();
    let config = salvage.config(document);
    Ok(Salvaged {
        config,
        left_out: Findings::of(salvage.left_out.into_iter()),
    })
}

impl Salvage {
    fn wrong(&mut self, place: &str, cause: impl Into<String>, repair: impl Into<String>) {
        let found = Found::new(in_one_line(place), in_one_line(&cause.into()), repair);
        self.left_out.push((&UNREADABLE, found));
    }

    fn undescribed(&mut self, place: &str, cause: impl Into<String>) {
        let repair = "add it to the Rust by hand, or keep it out of there";
        let found = Found::new(in_one_line(place), in_one_line(&cause.into()), repair);
        self.left_out.push((&NOT_IMPORTED, found));
    }

    /// A name that nobody knows where these are known.
    fn unknown(&mut self, place: &str, what: &str, name: &str, known: &[&str]) {
        let repair = match nearest(name, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("delete it; there are: {}", known.join(", ")),
        };
        self.wrong(place, format!("there is no {what} `{name}`"), repair);
    }

    /// The fields of a map; nothing is as good as none.
    fn fields(&mut self, value: Option<Value>, place: &str) -> Fields {
        match value {
            None | Some(Value::Null) => Fields::new(),
            Some(Value::Object(fields)) => fields,
            Some(other) => {
                let cause = format!("it is {}, and not a map of names", kind_of(&other));
                self.wrong(place, cause, "write `name: settings` for each");
                Fields::new()
            }
        }
    }

    fn config(&mut self, document: Value) -> Config {
        let mut document = self.fields(Some(document), "the configuration");
        let mut config = Config::default();
        for class in Class::ALL {
            let name = class.section();
            let section = self.fields(document.remove(name), name);
            self.section(&mut config, class, section);
        }
        let service = self.fields(document.remove("service"), "service");
        let sections = Class::ALL.map(Class::section);
        for name in document.keys() {
            self.unknown(
                name,
                "section",
                name,
                &[&sections[..], &["service"]].concat(),
            );
        }
        config.service = self.service(service).canonical(&config);
        config
    }

    fn section(&mut self, config: &mut Config, class: Class, section: Fields) {
        let name = class.section();
        for (written, settings) in section {
            let place = format!("{name}.{written}");
            let id: ComponentId = match written.parse() {
                Ok(id) => id,
                Err(error) => {
                    self.wrong(
                        &place,
                        error.to_string(),
                        "write it as `type` or `type/name`",
                    );
                    continue;
                }
            };
            let id = id.canonical(class);
            if config.defines(class, &id) {
                let cause = format!("`{id}` is defined by its old name and by its new one");
                self.wrong(&place, cause, "delete one of them");
                continue;
            }
            config.section_mut(class).insert(id, settings);
        }
    }

    fn service(&mut self, mut service: Fields) -> Service {
        let place = "service.pipelines";
        let mut read = Service {
            extensions: self.ids(service.remove("extensions"), "service.extensions"),
            telemetry: self.telemetry(service.remove("telemetry")),
            ..Service::default()
        };
        for (written, pipeline) in self.fields(service.remove("pipelines"), place) {
            let place = format!("{place}.{written}");
            match written.parse() {
                Ok(id) => {
                    let id: PipelineId = id;
                    read.pipelines.insert(id, self.pipeline(pipeline, &place));
                }
                Err(error) => self.pipeline_of_nothing(&place, &written, &error),
            }
        }
        for name in service.keys() {
            let known = ["extensions", "telemetry", "pipelines"];
            self.unknown(&format!("service.{name}"), "setting", name, &known);
        }
        read
    }

    /// A pipeline whose id is none.
    fn pipeline_of_nothing(&mut self, place: &str, written: &str, error: &crate::IdError) {
        let signal = written.split('/').next().unwrap_or_default().trim();
        if signal == "profiles" {
            let cause = "`profiles` is a signal that is still in development";
            return self.undescribed(place, cause);
        }
        let known = Signal::ALL.map(Signal::as_str);
        let repair = match nearest(signal, known) {
            Some(near) => format!("write `{}`", written.replacen(signal, near, 1)),
            None => "write a signal, and perhaps a name behind it: `traces/sampled`".to_owned(),
        };
        self.wrong(place, error.to_string(), repair);
    }

    fn pipeline(&mut self, pipeline: Value, place: &str) -> Pipeline {
        let mut fields = self.fields(Some(pipeline), place);
        let [receivers, processors, exporters] = LISTS.map(|name| {
            let list = fields.remove(name);
            self.ids(list, &format!("{place}.{name}"))
        });
        for name in fields.keys() {
            self.unknown(&format!("{place}.{name}"), "setting", name, &LISTS);
        }
        Pipeline {
            receivers,
            processors,
            exporters,
        }
    }

    fn ids(&mut self, list: Option<Value>, place: &str) -> Vec<ComponentId> {
        let items = match list {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                let repair = match &other {
                    Value::String(id) => format!("write `[{id}]`"),
                    _ => "write a list of components".to_owned(),
                };
                let cause = format!("it is {}, and not a list", kind_of(&other));
                self.wrong(place, cause, repair);
                return Vec::new();
            }
        };
        let mut ids = Vec::new();
        for item in items {
            match item.as_str().map(str::parse) {
                Some(Ok(id)) => ids.push(id),
                Some(Err(error)) => {
                    let error: crate::IdError = error;
                    let repair = "name a component that is defined";
                    self.wrong(place, error.to_string(), repair);
                }
                None => {
                    let cause = format!("{} stands in it, where ids do", kind_of(&item));
                    self.wrong(place, cause, "name components, one by one");
                }
            }
        }
        ids
    }
}

/// What was read may have any character.
fn in_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The lists of a pipeline.
const LISTS: [&str; 3] = ["receivers", "processors", "exporters"];

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a switch",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests;
