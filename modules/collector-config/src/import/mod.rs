//! Which collector configurations are in a file, and what does it say of their surroundings?
//!
//! A file is a configuration, a Kubernetes manifest with ConfigMaps or `OpenTelemetryCollector`s in it, values of the
//! collector's Helm chart, or Markdown with any of these in its blocks.

mod guess;
mod not_yaml;
mod workload;

use serde_json::Value;
use thiserror::Error;

use self::workload::{Autoscaler, Workload};
pub use self::{not_yaml::NotYaml, workload::bytes};
use crate::{
    Config, Distribution, Release, Version,
    lint::{Findings, Setting, Tier},
    salvage::{self, Salvaged},
};

/// What was had from a file.
#[derive(Debug, Default)]
pub struct Read {
    /// The configurations, as far as they can be read.
    pub found: Vec<Imported>,
    /// What cannot be read at all.
    pub problems: Vec<ImportError>,
}

/// A configuration that was found.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What it is called: by its ConfigMap, or by nothing.
    pub name: Option<String>,
    /// The line of the file in which the block or manifest begins that it is in.
    pub line: usize,
    /// Its text, as it stood there.
    pub text: String,
    /// What it says, as far as it can be read.
    pub config: Config,
    /// What cannot be, and is not in it.
    pub left_out: Findings,
    /// What is known of its surroundings.
    pub setting: Setting,
}

/// A text that is to be a configuration, and where it stood.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    name: Option<String>,
    line: usize,
    text: String,
    /// What is said of it beside it, such as the mode of a Helm chart.
    tier: Option<Tier>,
    replicas: Option<u32>,
}

/// The program that a configuration is imported for, as far as someone says it: the newest version, where nobody does,
/// of the distribution that the image beside it has, or of the one that contains everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its version.
    pub version: Option<Version>,
    /// Its distribution.
    pub distribution: Option<Distribution>,
}

/// Why no configuration was had from a file, or from a part of it.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It is no YAML.
    #[error("could not read line {line} and what follows")]
    Yaml {
        /// Where the part of the file begins that is none.
        line: usize,
        /// What is wrong with it.
        source: NotYaml,
    },
    /// There is nothing in it that looks like one.
    #[error("there is no collector configuration in it")]
    Nothing,
    /// Something looks like one and is no YAML.
    #[error("could not read the configuration{} from line {line} on", named(.name.as_deref()))]
    Config {
        /// What it is called.
        name: Option<String>,
        /// Where it begins.
        line: usize,
        /// What is wrong with it, by the lines of its own text.
        source: NotYaml,
    },
}

fn named(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" `{name}`"))
}

/// A part of a file, with the line that it begins in.
struct Part<'a> {
    line: usize,
    text: &'a str,
}

/// Everything in a file that matters here.
#[derive(Default)]
struct Contents {
    candidates: Vec<Candidate>,
    workloads: Vec<Workload>,
    autoscalers: Vec<Autoscaler>,
    problems: Vec<ImportError>,
}

impl Wanted {
    /// The release, for a collector whose image is this one.
    fn release(self, image: Option<&str>) -> Release {
        let distribution = self.distribution.or_else(|| guess::distribution_of(image?));
        let newest = match distribution {
            Some(Distribution::Jaeger) => Release::JAEGER,
            _ => Release::CONTRIB,
        };
        Release {
            version: self.version.unwrap_or(newest.version),
            distribution: distribution.unwrap_or(newest.distribution),
        }
    }
}

/// The configurations in a text, for some program; and all that stands in the way of more.
pub fn read(text: &str, wanted: Wanted) -> Read {
    let markdown = text.lines().any(|line| line.starts_with("```"));
    let blocks = if markdown {
        fenced(text)
    } else {
        vec![Part { line: 1, text }]
    };
    let mut contents = Contents::default();
    for part in blocks.iter().flat_map(documents) {
        match serde_saphyr::from_str::<Value>(part.text) {
            Ok(document) => contents.read(&part, &document),
            // A document for people shows all kinds of things.
            Err(_) if markdown && !looks_like_config(part.text) => {}
            Err(error) => {
                let line = part.line;
                let source = NotYaml::of(&error, line);
                contents.problems.push(ImportError::Yaml { line, source });
            }
        }
    }
    contents.imported(wanted)
}

/// The blocks of YAML in Markdown.
fn fenced(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize, bool)> = None;
    let mut at = 0;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let here = at;
        at += line.len();
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        open = match open {
            None => {
                let yaml = matches!(info.trim(), "yaml" | "yml");
                Some((n + 2, at, yaml))
            }
            Some((line, start, yaml)) => {
                if yaml {
                    let text = &text[start..here];
                    found.push(Part { line, text });
                }
                None
            }
        };
    }
    found
}

/// The documents of a block, which lines of `---` part.
fn documents<'a>(part: &Part<'a>) -> Vec<Part<'a>> {
    let mut found = vec![Part {
        line: part.line,
        text: part.text,
    }];
    let mut at = 0;
    let mut start = 0;
    for (n, line) in part.text.split_inclusive('\n').enumerate() {
        let here = at;
        at += line.len();
        if line.trim_end() == "---" {
            if let Some(last) = found.last_mut() {
                last.text = &part.text[start..here];
            }
            start = at;
            found.push(Part {
                line: part.line + n + 1,
                text: &part.text[start..],
            });
        }
    }
    found.retain(|part| !part.text.trim().is_empty());
    found
}

impl Contents {
    fn imported(self, wanted: Wanted) -> Read {
        let Self {
            candidates,
            workloads,
            autoscalers,
            problems,
        } = self;
        let mut read = Read {
            found: Vec::new(),
            problems,
        };
        for candidate in candidates {
            match salvage::read(&candidate.text) {
                Ok(Salvaged { config, left_out }) => {
                    let setting =
                        guess::setting(&candidate, &config, wanted, &workloads, &autoscalers);
                    read.found.push(Imported {
                        name: candidate.name,
                        line: candidate.line,
                        text: candidate.text,
                        config,
                        left_out,
                        setting,
                    });
                }
                Err(error) => read.problems.push(ImportError::Config {
                    name: candidate.name,
                    line: candidate.line,
                    source: NotYaml::of(&error, 1),
                }),
            }
        }
        if read.found.is_empty() && read.problems.is_empty() {
            read.problems.push(ImportError::Nothing);
        }
        read
    }

    fn read(&mut self, part: &Part<'_>, document: &Value) {
        let kind = document
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match kind {
            "ConfigMap" => self.config_map(part, document),
            "OpenTelemetryCollector" => self.custom(part, document),
            "Deployment" | "DaemonSet" | "StatefulSet" | "Pod" | "Job" | "CronJob"
            | "ReplicaSet" => {
                self.workloads.push(Workload::read(kind, document));
            }
            "HorizontalPodAutoscaler" => self.autoscalers.extend(Autoscaler::read(document)),
            "List" => {
                let items = document.get("items").and_then(Value::as_array);
                for item in items.into_iter().flatten() {
                    self.read(part, item);
                }
            }
            _ if is_config(document) => self.add(part, None, part.text.to_owned(), None, None),
            _ => self.values(part, document),
        }
    }

    fn add(
        &mut self,
        part: &Part<'_>,
        name: Option<String>,
        text: String,
        tier: Option<Tier>,
        replicas: Option<u32>,
    ) {
        self.candidates.push(Candidate {
            name,
            line: part.line,
            text,
            tier,
            replicas,
        });
    }

    fn config_map(&mut self, part: &Part<'_>, document: &Value) {
        let data = document.get("data").and_then(Value::as_object);
        let texts = data.into_iter().flatten().filter_map(|(key, text)| {
            let text = text.as_str()?;
            let is_one = match serde_saphyr::from_str(text) {
                Ok(document) => is_config(&document),
                // Other texts need not be YAML; why this one is not, is said where it is read.
                Err(_) => looks_like_config(text),
            };
            is_one.then(|| (key.clone(), text.to_owned()))
        });
        let texts: Vec<_> = texts.collect();
        let several = texts.len() > 1;
        for (key, text) in texts {
            let name = name_of(document).map(|name| {
                if several {
                    format!("{name}-{key}")
                } else {
                    name
                }
            });
            self.add(part, name, text, None, None);
        }
    }

    /// A collector of the OpenTelemetry operator.
    fn custom(&mut self, part: &Part<'_>, document: &Value) {
        let Some(spec) = document.get("spec") else {
            return;
        };
        let text = match spec.get("config") {
            Some(Value::String(text)) => text.clone(),
            Some(config) if is_config(config) => config.to_string(),
            _ => return,
        };
        let mode = spec.get("mode").and_then(Value::as_str);
        let replicas = spec.get("replicas").and_then(Value::as_u64);
        let tier = mode.and_then(guess::tier_of_mode);
        let replicas = replicas.and_then(|n| u32::try_from(n).ok());
        self.add(part, name_of(document), text, tier, replicas);
    }

    /// Values of the collector's Helm chart.
    fn values(&mut self, part: &Part<'_>, document: &Value) {
        let Some(config) = document.get("config").filter(|config| is_config(config)) else {
            return;
        };
        let mode = document.get("mode").and_then(Value::as_str);
        let replicas = document.get("replicaCount").and_then(Value::as_u64);
        let replicas = replicas.and_then(|n| u32::try_from(n).ok());
        let tier = mode.and_then(guess::tier_of_mode);
        self.add(part, None, config.to_string(), tier, replicas);
    }
}

fn name_of(document: &Value) -> Option<String> {
    Some(document.pointer("/metadata/name")?.as_str()?.to_owned())
}

/// Whether something has the sections of a configuration.
fn is_config(document: &Value) -> bool {
    let has = |name: &str| document.get(name).is_some_and(Value::is_object);
    has("service") && (has("receivers") || has("exporters") || has("connectors"))
}

/// The same of a text that cannot be read.
fn looks_like_config(text: &str) -> bool {
    let has = |name: &str| {
        let mut lines = text.lines();
        lines.any(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    };
    has("service") && (has("receivers") || has("exporters") || has("connectors"))
}

#[cfg(test)]
mod tests;
