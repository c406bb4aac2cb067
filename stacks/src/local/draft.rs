//! What is different for a program on this machine? Ports, folders, and where it sends to.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use gateway::config::{Source, Surroundings, load};
use serde_json::{Map, Value, json};

use super::{
    Facts, Listens, LocalError,
    diff::diff,
    program::{LOCALHOST, Mount, Program},
    reach::{Reach, Services, addresses, moved, shown},
};

/// A program as it runs here.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What is set over its configuration.
    pub(super) overlay: Value,
    /// The folders that must be there.
    pub(super) folders: BTreeSet<PathBuf>,
    /// Where it says that it works, if it does.
    pub(super) health: Option<(u16, String)>,
    /// What it does.
    pub(super) facts: Facts,
}

/// What a draft is made with.
pub(super) struct Around<'a> {
    /// Where its volumes are.
    pub(super) data: &'a Path,
    /// The Services that lead to programs which run here.
    pub(super) services: &'a Services,
    /// The port here of a program, for the one that it has in the cluster.
    pub(super) port: &'a mut dyn FnMut(&str, u16) -> io::Result<u16>,
}

/// The configuration with every variable in its place.
fn merged(program: &Program) -> Result<Value, LocalError> {
    let around = Surroundings {
        variables: program.variables.clone(),
        memory: program.memory,
    };
    let loaded = load(&[Source::Text(program.config.clone())], &around);
    let loaded = loaded.map_err(|problems| LocalError::Configuration(problems.to_string()))?;
    Ok(loaded.merged)
}

impl Draft {
    /// Makes it.
    pub(super) fn of(program: &Program, around: &mut Around<'_>) -> Result<Self, LocalError> {
        let before = merged(program)?;
        let mut draft = Self {
            overlay: Value::Null,
            folders: BTreeSet::new(),
            health: None,
            facts: Facts::default(),
        };
        let mut after = before.clone();
        draft.listen(&program.name, &mut after, around)?;
        draft.send(&mut after, around)?;
        limit(&mut after, program.memory);
        draft.store(&program.mounts, &mut after, around.data)?;
        draft.remark(program);
        draft.overlay = diff(&before, &after).unwrap_or_else(|| json!({}));
        Ok(draft)
    }

    /// Moves what it listens on to ports that are free here.
    fn listen(
        &mut self,
        name: &str,
        config: &mut Value,
        around: &mut Around<'_>,
    ) -> Result<(), LocalError> {
        for (_, receiver) in entries(config, "receivers") {
            for (protocol, settings) in entries(receiver, "protocols") {
                let (what, scheme) = match protocol.as_str() {
                    "grpc" => ("OTLP/gRPC", ""),
                    _ => ("OTLP/HTTP", "http://"),
                };
                if let Some(endpoint) = settings.get_mut("endpoint") {
                    let (port, instead_of) = move_endpoint(endpoint, name, around)?;
                    self.listens(what, format!("{scheme}{LOCALHOST}:{port}"), instead_of);
                }
            }
        }
        for (id, extension) in entries(config, "extensions") {
            if !is_of(id, "health_check") {
                continue;
            }
            let path = extension.get("path").and_then(Value::as_str);
            let path = path.unwrap_or("/").to_owned();
            if let Some(endpoint) = extension.get_mut("endpoint") {
                let (port, instead_of) = move_endpoint(endpoint, name, around)?;
                self.listens(
                    "health",
                    format!("http://{LOCALHOST}:{port}{path}"),
                    instead_of,
                );
                self.health = Some((port, path));
            }
        }
        let readers = config.pointer_mut("/service/telemetry/metrics/readers");
        for reader in readers.and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(page) = reader.pointer_mut("/pull/exporter/prometheus") else {
                continue;
            };
            let port = page.get("port").and_then(Value::as_u64);
            let Some(wanted) = port.and_then(|port| u16::try_from(port).ok()) else {
                continue;
            };
            let port = (around.port)(name, wanted).map_err(LocalError::Port)?;
            page["port"] = port.into();
            page["host"] = LOCALHOST.into();
            let address = format!("http://{LOCALHOST}:{port}/metrics");
            self.listens("own metrics", address, (port != wanted).then_some(wanted));
        }
        Ok(())
    }

    fn listens(&mut self, what: &str, address: String, instead_of: Option<u16>) {
        self.facts.listens.push(Listens {
            what: what.to_owned(),
            address,
            instead_of,
        });
    }

    /// Takes exporters out of the pipelines that send to what is only simulated. What would have gone there alone goes
    /// to a file: it is lost otherwise, or waits for ever.
    fn send(&mut self, config: &mut Value, around: &mut Around<'_>) -> Result<(), LocalError> {
        let used = used_exporters(config);
        let mut away = BTreeSet::new();
        for (id, exporter) in entries(config, "exporters") {
            if !used.contains(id) {
                continue;
            }
            if exporter.pointer("/resolver/k8s").is_some() {
                away.insert(id.clone());
                self.facts.not_sent.push(id.clone());
            }
            for address in addresses(exporter) {
                let text = address.as_str().unwrap_or_default().to_owned();
                match around.services.reach(&text) {
                    Reach::Outside => self.facts.sends.push(shown(&text)),
                    Reach::Simulated => {
                        away.insert(id.clone());
                        self.facts.not_sent.push(shown(&text));
                    }
                    Reach::Here(program, port) => {
                        let port = (around.port)(&program, port).map_err(LocalError::Port)?;
                        *address = moved(&text, LOCALHOST, port).into();
                    }
                }
            }
            once(exporter);
        }
        redirect(config, &away, around.data);
        for list in [&mut self.facts.sends, &mut self.facts.not_sent] {
            list.sort();
            list.dedup();
        }
        Ok(())
    }

    /// Moves what is on volumes into folders below this one.
    fn store(
        &mut self,
        mounts: &BTreeMap<String, Mount>,
        config: &mut Value,
        data: &Path,
    ) -> Result<(), LocalError> {
        let used = used_exporters(config);
        for section in ["receivers", "extensions", "exporters"] {
            for (id, settings) in entries(config, section) {
                // What is not run need not be there.
                if section == "exporters" && !used.contains(id) {
                    continue;
                }
                in_folders(settings, mounts, data)?;
                let text = |key: &str| settings.get(key).and_then(Value::as_str).map(PathBuf::from);
                if let Some(directory) = text("directory") {
                    self.folders.insert(directory);
                }
                if let Some(path) = text("path").filter(|_| is_of(id, "file")) {
                    self.folders.extend(path.parent().map(Path::to_owned));
                    self.facts.files.insert(id.clone(), path);
                }
            }
        }
        Ok(())
    }

    fn remark(&mut self, program: &Program) {
        if program.replicas > 1 {
            let remark = format!("one of {} Pods runs here", program.replicas);
            self.facts.remarks.push(remark);
        }
        for name in &program.unknown {
            let remark = format!("the variable `{name}` is empty: only a cluster knows its value");
            self.facts.remarks.push(remark);
        }
    }
}

/// Leaves these exporters out, and gives a file to pipelines that would keep nothing of what comes.
fn redirect(config: &mut Value, away: &BTreeSet<String>, data: &Path) {
    let mut added = Map::new();
    for (id, pipeline) in pipelines(config) {
        let Some(exporters) = pipeline.get_mut("exporters").and_then(Value::as_array_mut) else {
            continue;
        };
        let before = exporters.len();
        exporters.retain(|id| id.as_str().is_some_and(|id| !away.contains(id)));
        if exporters.len() == before || !exporters.is_empty() {
            continue;
        }
        let name = id.replace('/', "-");
        let file = format!("file/instead-{name}");
        let path = data.join("instead").join(format!("{name}.jsonl"));
        let rotation = json!({"max_megabytes": 100, "max_backups": 2});
        added.insert(file.clone(), json!({"path": path, "rotation": rotation}));
        exporters.push(file.into());
    }
    if let Some(exporters) = config.get_mut("exporters").and_then(Value::as_object_mut) {
        exporters.extend(added);
    }
}

/// The memory of the container and not that of the machine is what percentages are of.
fn limit(config: &mut Value, memory: Option<u64>) {
    let Some(memory) = memory else { return };
    for (id, limiter) in entries(config, "processors") {
        if !is_of(id, "memory_limiter") {
            continue;
        }
        for (percent, mib) in [
            ("limit_percentage", "limit_mib"),
            ("spike_limit_percentage", "spike_limit_mib"),
        ] {
            if let Some(share) = limiter.get(percent).and_then(Value::as_u64) {
                limiter[mib] = (memory / 100 * share / (1 << 20)).into();
            }
        }
    }
}

/// Moves an endpoint; gives its port, and the one before if that was taken.
fn move_endpoint(
    endpoint: &mut Value,
    name: &str,
    around: &mut Around<'_>,
) -> Result<(u16, Option<u16>), LocalError> {
    let text = endpoint.as_str().unwrap_or_default();
    let port = text
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    let Some(wanted) = port else {
        let what = format!("nothing can be sent to `{text}` here");
        return Err(LocalError::Impossible(what));
    };
    let port = (around.port)(name, wanted).map_err(LocalError::Port)?;
    *endpoint = format!("{LOCALHOST}:{port}").into();
    Ok((port, (port != wanted).then_some(wanted)))
}

/// Several replicas that are one program here are one address.
fn once(exporter: &mut Value) {
    let names = exporter.pointer_mut("/resolver/static/hostnames");
    if let Some(names) = names.and_then(Value::as_array_mut) {
        names.dedup();
    }
}

/// Puts folders of this machine in the place of mounted ones.
fn in_folders(
    value: &mut Value,
    mounts: &BTreeMap<String, Mount>,
    data: &Path,
) -> Result<(), LocalError> {
    match value {
        Value::String(text) => {
            let below =
                |(path, mount)| Some((Path::new(text.as_str()).strip_prefix(path).ok()?, mount));
            // The longest path is the innermost mount.
            let found = mounts.iter().rev().find_map(below);
            match found {
                Some((rest, Mount::Folder(volume))) => {
                    let path = data.join(volume).join(rest);
                    *value = path.to_string_lossy().trim_end_matches('/').into();
                }
                Some((_, Mount::OfCluster(what))) => {
                    let what = format!("`{text}` is a file of {what}, which only a cluster has");
                    return Err(LocalError::Impossible(what));
                }
                None => {}
            }
        }
        Value::Array(items) => {
            for item in items {
                in_folders(item, mounts, data)?;
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields {
                in_folders(field, mounts, data)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// The parts of a section that have settings.
fn entries<'a>(
    value: &'a mut Value,
    section: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    let section = value.get_mut(section).and_then(Value::as_object_mut);
    section
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_object())
}

fn pipelines(config: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let service = config.get_mut("service");
    let pipelines = service.and_then(|service| service.get_mut("pipelines"));
    pipelines
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
}

/// The exporters that some pipeline has.
fn used_exporters(config: &mut Value) -> BTreeSet<String> {
    let lists = pipelines(config).filter_map(|(_, pipeline)| pipeline.get("exporters")?.as_array());
    let ids = lists.flatten().filter_map(Value::as_str);
    ids.map(str::to_owned).collect()
}

/// Whether a component is of that type: `file`, `file/traces`.
fn is_of(id: &str, kind: &str) -> bool {
    id.split('/').next() == Some(kind)
}
