//! What the `LimitRange`s of a namespace fill in and refuse.

use std::collections::BTreeMap;

use fields::Quantity;
use serde_json::{Map, Value, json};

use super::super::at::At;
use super::super::edit::{child, items, object};
use super::super::validate::amount;
use super::super::{Cluster, Refusal};
use super::namespace_of;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The limits of one type in a namespace.
fn limits(cluster: &dyn Cluster, namespace: &str, kind: &str) -> Vec<Value> {
    let ranges = cluster.list("", "LimitRange", Some(namespace));
    let all = ranges.iter().flat_map(|range| {
        At::root(range)
            .at("spec.limits")
            .items()
            .iter()
            .map(|limit| limit.value().clone())
            .collect::<Vec<_>>()
    });
    all.filter(|limit| limit.get("type").and_then(Value::as_str) == Some(kind))
        .collect()
}

/// Gives each container the requests and limits that it does not have.
pub(super) fn complete(pod: &mut Value, cluster: &dyn Cluster) {
    let (mut requests, mut most) = (Map::new(), Map::new());
    for limit in limits(cluster, namespace_of(pod), "Container") {
        requests.extend(
            limit
                .get("defaultRequest")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
        most.extend(
            limit
                .get("default")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
    }
    let mut said = Vec::new();
    let spec = child(pod, "spec");
    for (list, what) in [
        ("containers", "container"),
        ("initContainers", "init container"),
    ] {
        for container in items(spec, list) {
            let name = container
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            for (side, defaults, word) in [
                ("requests", &requests, "request"),
                ("limits", &most, "limit"),
            ] {
                let set = fill(container, side, defaults);
                if !set.is_empty() {
                    said.push(format!("{} {word} for {what} {name}", set.join(", ")));
                }
            }
        }
    }
    if !said.is_empty() {
        let annotations = object(child(child(pod, "metadata"), "annotations"));
        annotations.insert(
            ANNOTATION.to_owned(),
            json!(format!("LimitRanger plugin set: {}", said.join("; "))),
        );
    }
}

fn fill(container: &mut Value, side: &str, defaults: &Map<String, Value>) -> Vec<String> {
    let mut set = Vec::new();
    for (name, value) in defaults {
        let amounts = object(child(child(container, "resources"), side));
        if !amounts.contains_key(name) {
            amounts.insert(name.clone(), value.clone());
            set.push(name.clone());
        }
    }
    set.sort();
    set
}

/// Refuses a Pod that asks for too little or too much.
pub(super) fn judge_pod(pod: &Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    let namespace = namespace_of(pod);
    let spec = At::root(pod).field("spec");
    let mut problems = Vec::new();
    let containers: Vec<At<'_>> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| spec.field(list).items())
        .collect();
    for limit in limits(cluster, namespace, "Container") {
        for container in &containers {
            let amounts = |side: &str| amounts(&container.at("resources").field(side));
            against(
                &At::root(&limit),
                "Container",
                &amounts("requests"),
                Some(&amounts("limits")),
                &mut problems,
            );
        }
    }
    for limit in limits(cluster, namespace, "Pod") {
        let sum = |side: &str| total(&spec.field("containers").items(), side);
        against(
            &At::root(&limit),
            "Pod",
            &sum("requests"),
            Some(&sum("limits")),
            &mut problems,
        );
    }
    refuse(&problems)
}

/// Refuses a claim that asks for too little or too much.
pub(super) fn judge_claim(claim: &Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let requests = amounts(&At::root(claim).at("spec.resources.requests"));
    for limit in limits(cluster, namespace_of(claim), "PersistentVolumeClaim") {
        against(
            &At::root(&limit),
            "PersistentVolumeClaim",
            &requests,
            None,
            &mut problems,
        );
    }
    refuse(&problems)
}

fn refuse(problems: &[String]) -> Result<(), Refusal> {
    match problems {
        [] => Ok(()),
        [one] => Err(Refusal::Forbidden(one.clone())),
        several => Err(Refusal::Forbidden(format!("[{}]", several.join(", ")))),
    }
}

type Amounts = BTreeMap<String, Quantity>;

fn amounts(at: &At<'_>) -> Amounts {
    at.entries()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), amount(&value)?)))
        .collect()
}

/// What all containers ask for together, of what each of them names.
fn total(containers: &[At<'_>], side: &str) -> Amounts {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for container in containers {
        for (name, quantity) in amounts(&container.at("resources").field(side)) {
            *sums.entry(name).or_default() += quantity.to_f64();
        }
    }
    sums.into_iter()
        .filter_map(|(name, sum)| Some((name, format!("{sum}").parse().ok()?)))
        .collect()
}

/// A claim has requests only: its upper bound is theirs.
fn against(
    limit: &At<'_>,
    kind: &str,
    requests: &Amounts,
    most: Option<&Amounts>,
    problems: &mut Vec<String>,
) {
    for (name, least) in amounts(&limit.field("min")) {
        let rule = format!("minimum {name} usage per {kind} is {least}");
        match requests.get(&name) {
            None => problems.push(format!("{rule}.  No request is specified")),
            Some(request) if *request < least => {
                problems.push(format!("{rule}, but request is {request}"));
            }
            Some(_) => {
                if let Some(upper) = most
                    .and_then(|most| most.get(&name))
                    .filter(|upper| **upper < least)
                {
                    problems.push(format!("{rule}, but limit is {upper}"));
                }
            }
        }
    }
    for (name, bound) in amounts(&limit.field("max")) {
        let rule = format!("maximum {name} usage per {kind} is {bound}");
        let (subject, word) = match most {
            Some(most) => (most.get(&name), "limit"),
            None => (requests.get(&name), "request"),
        };
        match subject {
            None => problems.push(format!("{rule}.  No {word} is specified")),
            Some(found) if *found > bound => {
                problems.push(format!("{rule}, but {word} is {found}"));
            }
            Some(_) => {
                if let Some(request) = requests.get(&name).filter(|request| **request > bound) {
                    problems.push(format!("{rule}, but request is {request}"));
                }
            }
        }
    }
    ratios(limit, kind, requests, most, problems);
}

fn ratios(
    limit: &At<'_>,
    kind: &str,
    requests: &Amounts,
    most: Option<&Amounts>,
    problems: &mut Vec<String>,
) {
    for (name, bound) in amounts(&limit.field("maxLimitRequestRatio")) {
        let rule = format!("{name} max limit to request ratio per {kind} is {bound}");
        let (request, upper) = (requests.get(&name), most.and_then(|most| most.get(&name)));
        match (request, upper) {
            (Some(request), Some(upper)) if !request.is_zero() && !upper.is_zero() => {
                let ratio = upper.to_f64() / request.to_f64();
                if ratio > bound.to_f64() {
                    problems.push(format!("{rule}, but provided ratio is {ratio:.6}"));
                }
            }
            (Some(request), _) if !request.is_zero() => {
                problems.push(format!("{rule}, but no limit is specified or limit is 0"));
            }
            _ => problems.push(format!(
                "{rule}, but no request is specified or request is 0"
            )),
        }
    }
}
