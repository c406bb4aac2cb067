//! What may the program do, and to whom?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Everything that the program knows beside the request.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// What the sidecar is called: what a Pod may ask for by name.
    pub name: String,
    /// The namespace that the program itself lives in.
    pub namespace: String,
    /// The stack that it belongs to, for messages.
    pub stack: String,
    /// The annotations by which a Pod asks; the first that is there counts.
    pub annotations: Vec<String>,
    /// The namespaces whose Pods may have the sidecar.
    pub namespaces: BTreeMap<String, Namespace>,
    /// The namespaces whose Pods are never touched, beside the program's own.
    #[serde(default)]
    pub never: Vec<String>,
    /// What is added.
    pub sidecar: Sidecar,
}

/// What holds in one namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Namespace {
    /// What a Pod gets that does not say anything.
    #[serde(default)]
    pub unasked: Unasked,
}

/// What a Pod gets that does not say anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unasked {
    /// Nothing: it has to ask.
    #[default]
    Leave,
    /// The sidecar: it has to say `false` to have none.
    Inject,
}

/// What is added to a Pod.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sidecar {
    /// Where the container goes.
    #[serde(default)]
    pub placement: Placement,
    /// The container, as Kubernetes knows it.
    pub container: Map<String, Value>,
    /// The volumes that it mounts, as Kubernetes knows them.
    #[serde(default)]
    pub volumes: Vec<Map<String, Value>>,
    /// What the Pod's own containers are told.
    pub application: Application,
}

/// Where the container goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Placement {
    /// Among the init containers, to start before and to end after the others: Kubernetes 1.29 or newer.
    #[default]
    Native,
    /// Among the containers. A Pod that is to end by itself never would, and is refused.
    Plain,
}

/// What the Pod's own containers are told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Where OTLP over gRPC is taken, such as `http://127.0.0.1:4317`.
    pub grpc: String,
    /// Where OTLP over HTTP is taken, such as `http://127.0.0.1:4318`.
    pub http: String,
}

/// Why a configuration could not be read.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It is no YAML, or not of this shape.
    #[error("the configuration cannot be read")]
    Shape(#[source] Box<serde_saphyr::Error>),
    /// It can be read and makes no sense.
    #[error("the configuration has mistakes:{}", lines(.0))]
    Mistakes(Vec<Problem>),
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub path: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Config {
    /// Reads a configuration and checks it.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        let config: Self =
            serde_saphyr::from_str(text).map_err(|error| ConfigError::Shape(Box::new(error)))?;
        let problems = config.problems();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Mistakes(problems))
        }
    }

    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut wrong = |path, message: String| found.push(Problem { path, message });
        for (path, name) in [("name", &self.name), ("namespace", &self.namespace)] {
            if !is_label(name) {
                wrong(path, format!("`{name}` is no name of Kubernetes"));
            }
        }
        if self.annotations.is_empty() {
            wrong("annotations", "nobody could ask".to_owned());
        }
        if self.namespaces.is_empty() {
            wrong("namespaces", "nobody may ask".to_owned());
        }
        for name in self.namespaces.keys() {
            if self.never(name) {
                let message = format!("Pods of `{name}` are never touched, so they cannot ask");
                wrong("namespaces", message);
            } else if !is_label(name) {
                wrong("namespaces", format!("`{name}` is no name of a namespace"));
            }
        }
        found.extend(self.sidecar.problems());
        found
    }

    /// Whether Pods of a namespace are never touched.
    pub(crate) fn never(&self, namespace: &str) -> bool {
        namespace == self.namespace || self.never.iter().any(|never| never == namespace)
    }
}

/// The port at which a collector shows its own metrics, as the catalogue names it.
const METRICS: &str = "otel-metrics";

impl Sidecar {
    fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut wrong = |path, message: String| found.push(Problem { path, message });
        if !is_label(self.container_name()) {
            let message = "the container has no name, or none that Kubernetes takes".to_owned();
            wrong("sidecar.container.name", message);
        }
        if text(&self.container, "image").is_empty() {
            wrong("sidecar.container.image", "there is no image".to_owned());
        }
        if self.container.contains_key("restartPolicy") {
            let message = "it follows from `placement`".to_owned();
            wrong("sidecar.container.restartPolicy", message);
        }
        if self.placement == Placement::Native && !self.container.contains_key("startupProbe") {
            let message = "without one the other containers start before it is there".to_owned();
            wrong("sidecar.container.startupProbe", message);
        }
        let known: Vec<&str> = self.volumes.iter().map(|v| text(v, "name")).collect();
        if known.contains(&"") {
            wrong("sidecar.volumes", "a volume has no name".to_owned());
        }
        for mount in list(&self.container, "volumeMounts") {
            let name = mount
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !known.contains(&name) {
                let message = format!("there is no volume `{name}`");
                wrong("sidecar.container.volumeMounts", message);
            }
        }
        for (path, url) in [
            ("sidecar.application.grpc", &self.application.grpc),
            ("sidecar.application.http", &self.application.http),
        ] {
            if !url.starts_with("http://") && !url.starts_with("https://") {
                wrong(path, format!("`{url}` is no URL"));
            }
        }
        found
    }

    /// The container's name.
    pub(crate) fn container_name(&self) -> &str {
        text(&self.container, "name")
    }

    /// The ports that it listens on.
    pub(crate) fn ports(&self) -> Vec<u64> {
        let ports = list(&self.container, "ports").iter();
        ports
            .filter_map(|port| port.get("containerPort")?.as_u64())
            .collect()
    }

    /// The ports at which others ask how it is, by their numbers: the kubelet, and whoever measures it.
    pub(crate) fn asked_ports(&self) -> BTreeSet<u64> {
        let named = |name: &str| {
            let mut ports = list(&self.container, "ports").iter();
            let named =
                ports.find(|port| port.get("name").and_then(Value::as_str) == Some(name))?;
            named.get("containerPort")?.as_u64()
        };
        let number = |port: &Value| match port {
            Value::String(name) => named(name),
            port => port.as_u64(),
        };
        let probes = ["startupProbe", "readinessProbe", "livenessProbe"];
        let probes = probes
            .into_iter()
            .filter_map(|probe| self.container.get(probe));
        let probed = probes
            .flat_map(|probe| ["httpGet", "tcpSocket", "grpc"].map(|how| probe.get(how)))
            .filter_map(|how| number(how?.get("port")?));
        probed.chain(named(METRICS)).collect()
    }

    /// The container as it stands in a Pod.
    pub(crate) fn placed(&self) -> Value {
        let mut container = self.container.clone();
        if self.placement == Placement::Native {
            container.insert("restartPolicy".to_owned(), "Always".into());
        }
        Value::Object(container)
    }

    /// A digest of what is added: a Pod that bears another one was given something else.
    pub(crate) fn digest(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(&text);
        let short = hash
            .iter()
            .take(5)
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        format!("{short:010x}")
    }
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    let list = object.get(key).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// A DNS label, as namespaces and containers are called.
fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= 63
        && name.chars().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect();
    lines.concat()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::config;

    #[test]
    fn every_mistake_is_named_with_its_place() {
        for (edit, expected) in [
            (
                (|config: &mut Config| config.name = "Otel".to_owned()) as fn(&mut Config),
                "name: `Otel` is no name of Kubernetes",
            ),
            (
                |config| config.annotations.clear(),
                "annotations: nobody could ask",
            ),
            (
                |config| config.namespaces.clear(),
                "namespaces: nobody may ask",
            ),
            (
                |config| config.namespace = "shop".to_owned(),
                "namespaces: Pods of `shop` are never touched, so they cannot ask",
            ),
            (
                |config| {
                    let rule = Namespace::default();
                    config.namespaces.insert("a b".to_owned(), rule);
                },
                "namespaces: `a b` is no name of a namespace",
            ),
            (
                |config| drop(config.sidecar.container.remove("name")),
                "sidecar.container.name: the container has no name, or none that Kubernetes takes",
            ),
            (
                |config| drop(config.sidecar.container.remove("image")),
                "sidecar.container.image: there is no image",
            ),
            (
                |config| drop(config.sidecar.container.remove("startupProbe")),
                "sidecar.container.startupProbe: without one the other containers start before it is there",
            ),
            (
                |config| {
                    let policy = ("restartPolicy".to_owned(), "Never".into());
                    config.sidecar.container.extend([policy]);
                },
                "sidecar.container.restartPolicy: it follows from `placement`",
            ),
            (
                |config| config.sidecar.volumes.clear(),
                "sidecar.container.volumeMounts: there is no volume `otel-sidecar`",
            ),
            (
                |config| config.sidecar.application.grpc = "localhost:4317".to_owned(),
                "sidecar.application.grpc: `localhost:4317` is no URL",
            ),
        ] {
            let mut config = config();
            assert_eq!(config.problems(), []);
            edit(&mut config);
            let found: Vec<_> = config.problems().iter().map(ToString::to_string).collect();
            assert_eq!(found, [expected]);
        }
    }

    #[test]
    fn a_key_that_is_not_known_is_a_mistake() {
        let text = serde_saphyr::to_string(&config()).unwrap();
        assert_eq!(Config::read(&text).unwrap(), config());
        let error = Config::read(&format!("{text}\nnamspaces: {{}}\n")).unwrap_err();
        assert!(matches!(error, ConfigError::Shape(_)), "{error}");
    }

    #[test]
    fn another_sidecar_has_another_digest() {
        let mut other = config().sidecar;
        assert_eq!(other.digest(), config().sidecar.digest());
        assert_eq!(other.digest().len(), 10);
        other.application.http = "http://127.0.0.1:9".to_owned();
        assert_ne!(other.digest(), config().sidecar.digest());
    }
}
