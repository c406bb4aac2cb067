//! What does a manifest say of the container that reads a configuration?

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lint::{Network, Probes};

/// A workload, as far as it matters to a collector in it.
pub(super) struct Workload {
    pub(super) kind: String,
    name: String,
    pub(super) replicas: Option<u32>,
    pod: Value,
}

/// An autoscaler, and what it scales.
pub(super) struct Autoscaler {
    kind: String,
    name: String,
}

/// A container that mounts a configuration.
pub(super) struct Container<'a> {
    pub(super) workload: &'a Workload,
    container: &'a Value,
}

impl Workload {
    pub(super) fn read(kind: &str, document: &Value) -> Self {
        let pod = match kind {
            "Pod" => document.pointer("/spec"),
            "CronJob" => document.pointer("/spec/jobTemplate/spec/template/spec"),
            _ => document.pointer("/spec/template/spec"),
        };
        let replicas = document.pointer("/spec/replicas").and_then(Value::as_u64);
        Self {
            kind: kind.to_owned(),
            name: super::name_of(document).unwrap_or_default(),
            replicas: replicas.and_then(|replicas| u32::try_from(replicas).ok()),
            pod: pod.cloned().unwrap_or_default(),
        }
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        let lists = ["initContainers", "containers"].into_iter();
        lists.flat_map(|list| items(&self.pod, list))
    }

    /// How many containers serve, the collector among them.
    pub(super) fn serving(&self) -> usize {
        items(&self.pod, "containers").count()
    }

    pub(super) fn network(&self) -> Network {
        match self.pod.get("hostNetwork").and_then(Value::as_bool) {
            Some(true) => Network::OfNode,
            Some(false) | None => Network::Own,
        }
    }

    /// The container that mounts a ConfigMap.
    pub(super) fn mounting(&self, config_map: &str) -> Option<Container<'_>> {
        let volume = items(&self.pod, "volumes").find(|volume| {
            let name = volume.pointer("/configMap/name");
            name.and_then(Value::as_str) == Some(config_map)
        })?;
        let volume = volume.get("name")?;
        let mounts = |container: &&Value| {
            let mut mounts = items(container, "volumeMounts");
            mounts.any(|mount| mount.get("name") == Some(volume))
        };
        let container = self.containers().find(mounts)?;
        Some(Container {
            workload: self,
            container,
        })
    }

    /// Whether one of these scales it.
    pub(super) fn is_scaled(&self, autoscalers: &[Autoscaler]) -> bool {
        let mut autoscalers = autoscalers.iter();
        autoscalers.any(|scaler| scaler.kind == self.kind && scaler.name == self.name)
    }
}

impl Autoscaler {
    pub(super) fn read(document: &Value) -> Option<Self> {
        let target = document.pointer("/spec/scaleTargetRef")?;
        let text = |name: &str| target.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            kind: text("kind")?,
            name: text("name")?,
        })
    }
}

impl Container<'_> {
    pub(super) fn image(&self) -> Option<&str> {
        self.container.get("image")?.as_str()
    }

    pub(super) fn memory(&self) -> Option<u64> {
        let limit = self.container.pointer("/resources/limits/memory")?;
        bytes(limit.as_str()?)
    }

    pub(super) fn variables(&self) -> Option<BTreeSet<String>> {
        // What stands in another object is not known.
        if self.container.get("envFrom").is_some() {
            return None;
        }
        let names =
            items(self.container, "env").filter_map(|variable| variable.get("name")?.as_str());
        Some(names.map(str::to_owned).collect())
    }

    pub(super) fn mounts(&self) -> BTreeSet<String> {
        let mounts = items(self.container, "volumeMounts");
        let paths = mounts.filter_map(|mount| mount.get("mountPath")?.as_str());
        paths.map(str::to_owned).collect()
    }

    pub(super) fn ports(&self) -> BTreeSet<u16> {
        let ports = items(self.container, "ports");
        let numbers = ports.filter_map(|port| port.get("containerPort")?.as_u64());
        numbers
            .filter_map(|number| u16::try_from(number).ok())
            .collect()
    }

    pub(super) fn probes(&self) -> Probes {
        let port = ["livenessProbe", "readinessProbe", "startupProbe"]
            .iter()
            .find_map(|probe| {
                let port = self.container.get(probe)?.pointer("/httpGet/port")?;
                u16::try_from(port.as_u64()?).ok()
            });
        port.map_or(Probes::None, Probes::Port)
    }
}

fn items<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// `512Mi`, `2G`, `1073741824` in bytes.
pub fn bytes(quantity: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 9] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
        ("", 1),
    ];
    UNITS.into_iter().find_map(|(unit, size)| {
        let number: u64 = quantity.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(size)
    })
}
