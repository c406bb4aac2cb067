//! What is doubtful about a Pod or a template.

use std::collections::BTreeSet;

use super::super::at::At;
use super::fractional;

const OLD_LABELS: [(&str, &str); 8] = [
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
];
const OLD_VOLUMES: [(&str, &str); 9] = [
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];
const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// A Pod (at the empty path) or a template.
pub(super) fn pod(template: &At<'_>, path: &str, said: &mut Vec<String>) {
    let spec_path = if path.is_empty() {
        "spec".to_owned()
    } else {
        format!("{path}.spec")
    };
    let spec = template.field("spec").renamed(spec_path);
    node_labels(&spec, said);
    spread(&spec, said);
    volumes(&spec, said);
    repeated(&spec, "hostAliases", "ip", said);
    repeated(&spec, "imagePullSecrets", "name", said);
    for secret in spec
        .field("imagePullSecrets")
        .items()
        .iter()
        .filter(|secret| secret.field("name").is_empty())
    {
        said.push(format!(
            "{}: invalid empty name \"\"",
            secret.field("name").path()
        ));
    }
    for container in containers(&spec) {
        for list in ["limits", "requests"] {
            fractional(&container.at("resources").field(list).key("memory"), said);
        }
        for list in ["limits", "requests"] {
            fractional(
                &container
                    .at("resources")
                    .field(list)
                    .key("ephemeral-storage"),
                said,
            );
        }
        hidden_variables(&container, said);
    }
    ports(&spec, said);
    port_names(&spec, said);
    let grace = spec.field("terminationGracePeriodSeconds");
    if grace.int_or_zero() < 0 {
        said.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            grace.path()
        ));
    }
    affinity(&spec, said);
}

fn containers<'a>(spec: &At<'a>) -> Vec<At<'a>> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| spec.field(list).items())
        .collect()
}

fn deprecation(label: &str) -> Option<&'static str> {
    OLD_LABELS
        .iter()
        .find(|(old, _)| *old == label)
        .map(|(_, message)| *message)
}

fn node_labels(spec: &At<'_>, said: &mut Vec<String>) {
    for (label, place) in spec.field("nodeSelector").entries() {
        said.extend(deprecation(label).map(|message| format!("{}: {message}", place.path())));
    }
    let node = spec.at("affinity.nodeAffinity");
    let required = node
        .at("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms")
        .items();
    let preferred = node
        .field("preferredDuringSchedulingIgnoredDuringExecution")
        .items();
    for term in required
        .into_iter()
        .chain(preferred.iter().map(|term| term.field("preference")))
    {
        for expression in term.field("matchExpressions").items() {
            let key = expression.field("key");
            said.extend(
                deprecation(key.text())
                    .map(|message| format!("{}: {} is {message}", key.path(), key.text())),
            );
        }
    }
}

fn spread(spec: &At<'_>, said: &mut Vec<String>) {
    for constraint in spec.field("topologySpreadConstraints").items() {
        let (key, selector) = (
            constraint.field("topologyKey"),
            constraint.field("labelSelector"),
        );
        said.extend(
            deprecation(key.text())
                .map(|message| format!("{}: {} is {message}", key.path(), key.text())),
        );
        if selector.is_absent() {
            said.push(format!("{}: {NO_SELECTOR}", selector.path()));
        }
    }
}

fn volumes(spec: &At<'_>, said: &mut Vec<String>) {
    for volume in spec.field("volumes").items() {
        for (kind, message) in OLD_VOLUMES
            .iter()
            .filter(|(kind, _)| volume.field(kind).is_set())
        {
            said.push(format!("{}: {message}", volume.field(kind).path()));
        }
        let claim = volume.at("ephemeral.volumeClaimTemplate.spec");
        if claim.is_set() {
            super::claim_spec(&claim, said);
        }
    }
}

fn repeated(spec: &At<'_>, list: &str, field: &str, said: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for item in spec.field(list).items() {
        let place = item.field(field);
        if !seen.insert(place.text()) {
            said.push(format!(
                "{}: duplicate {field} {:?}",
                place.path(),
                place.text()
            ));
        }
    }
}

/// A variable that is set again and does not build on its first value.
fn hidden_variables(container: &At<'_>, said: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for variable in container.field("env").items() {
        let name = variable.field("name").text();
        if seen.insert(name) {
            continue;
        }
        let (reference, value) = (format!("$({name})"), variable.field("value").text());
        if variable.field("valueFrom").is_set() || value == reference || !value.contains(&reference)
        {
            said.push(format!(
                "{}: hides previous definition of {name:?}, which may be dropped when using apply",
                variable.path()
            ));
        }
    }
}

fn ports(spec: &At<'_>, said: &mut Vec<String>) {
    let mut earlier: Vec<At<'_>> = Vec::new();
    for port in containers(spec)
        .iter()
        .flat_map(|container| container.field("ports").items())
    {
        let number = |port: &At<'_>, field: &str| port.field(field).int_or_zero();
        let same =
            |one: &At<'_>, field: &str| one.field(field).value() == port.field(field).value();
        for other in earlier
            .iter()
            .filter(|other| same(other, "containerPort") && same(other, "protocol"))
        {
            let (here, there) = (number(&port, "hostPort"), number(other, "hostPort"));
            let (ip, other_ip) = (
                port.field("hostIP").is_empty(),
                other.field("hostIP").is_empty(),
            );
            let what = if same(other, "hostIP") && here == there {
                "duplicate"
            } else if here == 0 || there == 0 {
                "overlapping"
            } else if here == there && ip != other_ip {
                "dangerously ambiguous"
            } else {
                continue;
            };
            said.push(format!(
                "{}: {what} port definition with {}",
                port.path(),
                other.path()
            ));
        }
        earlier.push(port);
    }
}

fn port_names(spec: &At<'_>, said: &mut Vec<String>) {
    let mut earlier: Vec<(String, String)> = Vec::new();
    for port in containers(spec)
        .iter()
        .flat_map(|container| container.field("ports").items())
    {
        let name = port.field("name").text().to_owned();
        if name.is_empty() {
            continue;
        }
        match earlier.iter().find(|(known, _)| *known == name) {
            Some((_, other)) => said.push(format!(
                "{}: duplicate port name {name:?} with {other}, services and probes that select ports by name will use {other}",
                port.path()
            )),
            None => earlier.push((name, port.path().to_owned())),
        }
    }
}

fn affinity(spec: &At<'_>, said: &mut Vec<String>) {
    for side in ["podAffinity", "podAntiAffinity"] {
        let pods = spec.at("affinity").field(side);
        let required = pods
            .field("requiredDuringSchedulingIgnoredDuringExecution")
            .items();
        let preferred = pods
            .field("preferredDuringSchedulingIgnoredDuringExecution")
            .items();
        for term in required
            .into_iter()
            .chain(preferred.iter().map(|term| term.field("podAffinityTerm")))
        {
            if term.field("labelSelector").is_absent() {
                said.push(format!(
                    "{}: {NO_SELECTOR}",
                    term.field("labelSelector").path()
                ));
            }
        }
    }
}
