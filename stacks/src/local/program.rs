//! Which workloads of a stack does the gateway of this repository run, and what do they read?

use std::collections::{BTreeMap, BTreeSet};

use modules::otlp_gateway::{ENGINE, GATEWAY};
use provider::{Graph, Resource, ResourceId};
use serde_json::Value;

/// A workload that need not be simulated.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Which one.
    pub(crate) id: ResourceId,
    /// What its folder is called.
    pub(crate) name: String,
    /// Its configuration, as its ConfigMap has it.
    pub(super) config: String,
    /// The variables of its container that have a value here.
    pub(super) variables: BTreeMap<String, String>,
    /// Those that have none.
    pub(super) unknown: BTreeSet<String>,
    /// What is mounted where, without its configuration.
    pub(super) mounts: BTreeMap<String, Mount>,
    /// How many bytes of memory its container may use.
    pub(super) memory: Option<u64>,
    /// How many Pods there would be.
    pub(super) replicas: u64,
    /// The labels of its Pods.
    pub(super) labels: BTreeMap<String, String>,
}

/// What a volume is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mount {
    /// An empty folder at first.
    Folder(String),
    /// Something that only a cluster has.
    OfCluster(String),
}

/// The address that a Pod has here.
pub(super) const LOCALHOST: &str = "127.0.0.1";

/// All of a stack's; those that are to have no Pod are left out.
pub(crate) fn programs(graph: &Graph) -> Vec<Program> {
    let workloads = graph
        .resources()
        .filter(|resource| resource.is("apps", "Deployment") || resource.is("apps", "StatefulSet"));
    let found = workloads.filter_map(|workload| program(graph, workload));
    let mut programs: Vec<Program> = found.filter(|program| program.replicas > 0).collect();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for program in &programs {
        *seen.entry(program.name.clone()).or_default() += 1;
    }
    for program in &mut programs {
        if seen[&program.name] > 1 {
            let namespace = program.id.namespace.as_deref().unwrap_or_default();
            program.name = format!("{}.{namespace}", program.name);
        }
    }
    programs
}

fn program(graph: &Graph, workload: &Resource) -> Option<Program> {
    let pod = workload.at(&["spec", "template"])?;
    let spec = pod.get("spec")?;
    let mut mounts = BTreeMap::new();
    let mut config = None;
    let container = spec.pointer("/containers/0")?;
    for mount in list(container, "volumeMounts") {
        let (Some(volume), Some(path)) = (text(mount, "name"), text(mount, "mountPath")) else {
            continue;
        };
        let source = list(spec, "volumes").find(|one| text(one, "name") == Some(volume));
        match source.and_then(|source| of_gateway(graph, workload, source)) {
            Some(text) => config = Some(text),
            None => {
                mounts.insert(path.to_owned(), kind_of(volume, source));
            }
        }
    }
    let (variables, unknown) = variables(container, &workload.id);
    Some(Program {
        id: workload.id.clone(),
        name: workload.id.name.clone(),
        config: config?,
        variables,
        unknown,
        mounts,
        memory: container
            .pointer("/resources/limits/memory")
            .and_then(bytes),
        replicas: workload
            .at(&["spec", "replicas"])
            .and_then(Value::as_u64)
            .unwrap_or(1),
        labels: strings(pod.pointer("/metadata/labels")),
    })
}

/// The configuration in a volume, if the gateway reads it.
fn of_gateway(graph: &Graph, workload: &Resource, volume: &Value) -> Option<String> {
    let name = volume.pointer("/configMap/name")?.as_str()?;
    let namespace = workload.id.namespace.as_deref();
    let map = graph.resources().find(|one| {
        one.is("", "ConfigMap") && one.id.name == name && one.id.namespace.as_deref() == namespace
    })?;
    let engine = map.at(&["metadata", "annotations", ENGINE])?;
    let text = map.at(&["data", "config.yaml"])?.as_str()?;
    (engine == GATEWAY).then(|| text.to_owned())
}

fn kind_of(volume: &str, source: Option<&Value>) -> Mount {
    // A StatefulSet's own volumes stand in its claims, and not among the Pod's.
    let Some(source) = source else {
        return Mount::Folder(volume.to_owned());
    };
    for (key, what) in [("secret", "Secret"), ("configMap", "ConfigMap")] {
        if let Some(source) = source.get(key) {
            let name = text(source, "secretName").or_else(|| text(source, "name"));
            return Mount::OfCluster(format!("the {what} `{}`", name.unwrap_or(volume)));
        }
    }
    let is_folder = ["emptyDir", "persistentVolumeClaim", "ephemeral"]
        .iter()
        .any(|key| source.get(key).is_some());
    if is_folder {
        Mount::Folder(volume.to_owned())
    } else {
        Mount::OfCluster(format!("the volume `{volume}`"))
    }
}

/// The variables of a container: with their values here, and those that only a cluster knows.
fn variables(container: &Value, id: &ResourceId) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let mut known = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for variable in list(container, "env") {
        let Some(name) = text(variable, "name") else {
            continue;
        };
        let field = variable.pointer("/valueFrom/fieldRef/fieldPath");
        let value = match field.and_then(Value::as_str) {
            Some("status.podIP" | "status.hostIP") => Some(LOCALHOST.to_owned()),
            Some("metadata.name") => Some(format!("{}-0", id.name)),
            Some("metadata.namespace") => id.namespace.clone(),
            Some("spec.nodeName") => Some("localhost".to_owned()),
            Some(_) => None,
            None if variable.get("valueFrom").is_some() => None,
            None => Some(text(variable, "value").unwrap_or_default().to_owned()),
        };
        match value {
            Some(value) => known.insert(name.to_owned(), value).map_or((), drop),
            None => drop(unknown.insert(name.to_owned())),
        }
    }
    (known, unknown)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// A map of texts.
pub(super) fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// A quantity of memory as it stands in an object: `1Gi`, `512Mi`, `1073741824`.
fn bytes(quantity: &Value) -> Option<u64> {
    let text = quantity
        .as_str()
        .map_or_else(|| quantity.to_string(), str::to_owned);
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_of_memory_are_read() {
        for (text, expected) in [
            (json!("1Gi"), Some(1 << 30)),
            (json!("512Mi"), Some(512 << 20)),
            (json!(1024), Some(1024)),
            (json!("2G"), Some(2_000_000_000)),
            (json!("1.5Gi"), None),
            (json!("many"), None),
        ] {
            assert_eq!(bytes(&text), expected, "{text}");
        }
    }

    #[test]
    fn the_gateway_of_dev_is_found_with_all_that_it_reads() {
        let stack = crate::catalog::all()
            .into_iter()
            .find(|stack| stack.name() == "dev");
        let programs = programs(&stack.unwrap().graph().unwrap());
        assert_eq!(programs.len(), 1);
        let program = &programs[0];
        assert_eq!(program.id.to_string(), "Deployment/dev/otlp");
        assert!(program.config.contains("[${env:POD_IP}]:4317"));
        assert_eq!(program.variables["POD_IP"], LOCALHOST);
        assert_eq!(
            program.mounts["/var/lib/telemetry"],
            Mount::Folder("files".to_owned())
        );
        assert_eq!(program.memory, Some(1 << 30));
    }
}
