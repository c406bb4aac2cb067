//! What does a Pod say of itself, as the API server shows it?
//!
//! The Pod stays JSON: a typed one would lose the fields of versions that are newer than the type.

use serde_json::Value;

/// A Pod, as JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pod<'a>(pub(crate) &'a Value);

/// Istio's own init containers, in their order.
const ISTIO: [&str; 3] = ["istio-init", "istio-validation", "istio-proxy"];

impl<'a> Pod<'a> {
    fn at(self, pointer: &str) -> Option<&'a Value> {
        self.0.pointer(pointer)
    }

    fn text(self, pointer: &str) -> Option<&'a str> {
        self.at(pointer)?.as_str()
    }

    /// One of its annotations.
    pub(crate) fn annotation(self, key: &str) -> Option<&'a str> {
        self.at("/metadata/annotations")?.get(key)?.as_str()
    }

    /// One of its labels.
    pub(crate) fn label(self, key: &str) -> Option<&'a str> {
        self.at("/metadata/labels")?.get(key)?.as_str()
    }

    /// Its name; what it will begin with, where the API server is to choose the rest.
    pub(crate) fn name(self) -> String {
        match (
            self.text("/metadata/name"),
            self.text("/metadata/generateName"),
        ) {
            (Some(name), _) if !name.is_empty() => name.to_owned(),
            (_, Some(begin)) => format!("{begin}…"),
            _ => "without a name".to_owned(),
        }
    }

    /// The name that it was given and not one that the API server chooses.
    pub(crate) fn given_name(self) -> Option<&'a str> {
        self.text("/metadata/name").filter(|name| !name.is_empty())
    }

    /// Its containers.
    pub(crate) fn containers(self) -> &'a [Value] {
        self.list("/spec/containers")
    }

    /// Its init containers.
    pub(crate) fn init_containers(self) -> &'a [Value] {
        self.list("/spec/initContainers")
    }

    /// Its volumes.
    pub(crate) fn volumes(self) -> &'a [Value] {
        self.list("/spec/volumes")
    }

    fn list(self, pointer: &str) -> &'a [Value] {
        let list = self.at(pointer).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether it shares the network of its node.
    pub(crate) fn on_host_network(self) -> bool {
        self.at("/spec/hostNetwork") == Some(&Value::Bool(true))
    }

    /// Whether it runs on Windows.
    pub(crate) fn on_windows(self) -> bool {
        let selects = |key: &str| self.at("/spec/nodeSelector")?.get(key)?.as_str();
        self.text("/spec/os/name") == Some("windows")
            || selects("kubernetes.io/os") == Some("windows")
            || selects("beta.kubernetes.io/os") == Some("windows")
    }

    /// Whether a kubelet shows a Pod of its own here, which nobody can change.
    pub(crate) fn is_mirror(self) -> bool {
        self.annotation("kubernetes.io/config.mirror").is_some()
    }

    /// Whether it is to end by itself.
    pub(crate) fn ends(self) -> bool {
        matches!(
            self.text("/spec/restartPolicy"),
            Some("Never" | "OnFailure")
        )
    }

    /// What controls it: kind and name.
    pub(crate) fn owner(self) -> Option<(&'a str, &'a str)> {
        let owners = self.list("/metadata/ownerReferences").iter();
        let mut controllers =
            owners.filter(|owner| owner.get("controller") == Some(&Value::Bool(true)));
        let owner = controllers.next()?;
        Some((owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?))
    }

    /// Whether Istio is or will be in it, as far as it shows.
    pub(crate) fn in_istio(self) -> bool {
        let asked = self
            .label("sidecar.istio.io/inject")
            .or_else(|| self.annotation("sidecar.istio.io/inject"));
        match asked {
            Some("true") => true,
            Some("false") => false,
            _ => {
                self.label("istio.io/rev").is_some()
                    || self.annotation("sidecar.istio.io/status").is_some()
                    || self
                        .containers()
                        .iter()
                        .chain(self.init_containers())
                        .any(is_istio)
            }
        }
    }

    /// The place among the init containers behind Istio's proxy, which everything else starts after; the first where
    /// it is not there.
    pub(crate) fn after_istio(self) -> usize {
        let init = self.init_containers();
        if !init
            .iter()
            .any(|container| name(container) == "istio-proxy")
        {
            return 0;
        }
        init.iter().rposition(is_istio).map_or(0, |last| last + 1)
    }
}

fn is_istio(container: &Value) -> bool {
    ISTIO.contains(&name(container))
}

/// A container's or a volume's name.
pub(crate) fn name(named: &Value) -> &str {
    named
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The TCP ports that a container says it listens on.
pub(crate) fn ports(container: &Value) -> impl Iterator<Item = u64> {
    let ports = container.get("ports").and_then(Value::as_array);
    ports.into_iter().flatten().filter_map(|port| {
        let tcp = port
            .get("protocol")
            .is_none_or(|protocol| protocol == "TCP");
        port.get("containerPort")?.as_u64().filter(|_| tcp)
    })
}
