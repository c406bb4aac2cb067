//! Whether amounts of resources are legal, and which resources there are.

use std::cmp::Ordering;

use fields::Quantity;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::qualified_name;

/// The amount here; zero where there is none.
pub(crate) fn amount(at: &At<'_>) -> Option<Quantity> {
    if at.is_absent() {
        None
    } else {
        Quantity::from_json(at.value()).ok()
    }
}

/// Whether less than nothing is asked for.
pub(crate) fn is_negative(at: &At<'_>) -> bool {
    amount(at).is_some_and(|quantity| quantity.is_negative())
}

/// Requests and limits of a container.
pub(crate) fn container(at: &At<'_>, claims: &At<'_>, causes: &mut Causes) {
    let (limits, requests) = (at.field("limits"), at.field("requests"));
    for (name, limit) in limits.entries() {
        named_amount(name, &limit, causes);
    }
    for (name, request) in requests.entries() {
        named_amount(name, &request, causes);
        against_limit(name, &request, &requests, &limits, causes);
    }
    let names: Vec<&str> = [&limits, &requests]
        .iter()
        .flat_map(|map| map.entries())
        .map(|(name, _)| name)
        .collect();
    let huge = names.iter().any(|name| is_huge_pages(name));
    if huge && !names.iter().any(|name| matches!(*name, "cpu" | "memory")) {
        causes.forbidden(at, "HugePages require cpu or memory");
    }
    let known: Vec<String> = claims
        .items()
        .iter()
        .map(|claim| claim.field("name").text().to_owned())
        .collect();
    for claim in at.field("claims").items() {
        let name = claim.field("name");
        if name.is_empty() {
            causes.required(&name.renamed(claim.path()), "");
        } else if !known.iter().any(|known| known == name.text()) {
            causes.not_found(&name.renamed(claim.path()));
        }
    }
}

/// A resource that containers can ask for, by name.
pub(crate) fn container_resource(name: &str, at: &At<'_>, causes: &mut Causes) {
    let shown = serde_json::json!(name);
    let broken = qualified_name(name);
    for message in &broken {
        causes.invalid_as(at, &shown, message);
    }
    if name.contains('/') {
        if !is_native(name) && !is_extended(name) {
            causes.invalid_as(at, &shown, "doesn't follow extended resource name standard");
        }
    } else {
        if broken.is_empty() && !is_standard(name) {
            causes.invalid_as(
                at,
                &shown,
                "must be a standard resource type or fully qualified",
            );
        }
        if !is_of_containers(name) {
            causes.invalid_as(at, &shown, "must be a standard resource for containers");
        }
    }
}

fn named_amount(name: &str, at: &At<'_>, causes: &mut Causes) {
    container_resource(name, at, causes);
    quantity(name, at, causes);
    if is_huge_pages(name) && !is_whole_pages(name, at) {
        causes.invalid(
            at,
            &format!("{} is not positive integer multiple of {name}", at.text()),
        );
    }
}

/// An amount of `name` is not negative, and whole where it must be.
pub(crate) fn quantity(name: &str, at: &At<'_>, causes: &mut Causes) {
    if is_negative(at) {
        causes.invalid(at, "must be greater than or equal to 0");
    }
    let whole = is_counted(name) || is_extended(name);
    if whole && amount(at).is_some_and(|quantity| !quantity.is_integer()) {
        causes.invalid(at, "must be an integer");
    }
}

fn against_limit(
    name: &str,
    request: &At<'_>,
    requests: &At<'_>,
    limits: &At<'_>,
    causes: &mut Causes,
) {
    let limit = limits.key(name);
    let overcommits = is_native(name) && !is_huge_pages(name);
    let (Some(asked), Some(most)) = (amount(request), amount(&limit)) else {
        if limit.is_absent() && !overcommits {
            causes.required(limits, "Limit must be set for non overcommitable resources");
        }
        return;
    };
    let shown = request.renamed(requests.path());
    match asked.cmp(&most) {
        Ordering::Equal => {}
        _ if !overcommits => {
            causes.invalid(&shown, &format!("must be equal to {name} limit of {most}"));
        }
        Ordering::Greater => causes.invalid(
            &shown,
            &format!("must be less than or equal to {name} limit of {most}"),
        ),
        Ordering::Less => {}
    }
}

fn is_whole_pages(name: &str, at: &At<'_>) -> bool {
    let page = name
        .strip_prefix("hugepages-")
        .and_then(|size| size.parse::<Quantity>().ok())
        .and_then(|size| size.to_i64());
    let asked = amount(at).and_then(|quantity| quantity.to_i64());
    matches!((page, asked), (Some(page), Some(asked)) if page > 0 && asked >= 0 && asked % page == 0)
}

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && qualified_name(&format!("requests.{name}")).is_empty()
}

fn is_of_containers(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_pages(name)
}

fn is_counted(name: &str) -> bool {
    matches!(
        name,
        "pods"
            | "resourcequotas"
            | "services"
            | "replicationcontrollers"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
    ) || name.starts_with("count/")
}

/// Whether the name, without a prefix, is one the API knows.
pub(crate) fn is_standard(name: &str) -> bool {
    let bare = name
        .strip_prefix("requests.")
        .or_else(|| name.strip_prefix("limits."))
        .unwrap_or(name);
    is_of_containers(bare)
        || is_counted(name)
        || matches!(name, "storage" | "requests.storage")
        || name.starts_with("requests.hugepages-")
}

/// A list of quotas' or limits' resource names.
pub(crate) fn resource_name(name: &str, at: &At<'_>, causes: &mut Causes) {
    let shown = serde_json::json!(name);
    let broken = qualified_name(name);
    for message in &broken {
        causes.invalid_as(at, &shown, message);
    }
    if broken.is_empty() && !name.contains('/') && !is_standard(name) {
        causes.invalid_as(
            at,
            &shown,
            "must be a standard resource type or fully qualified",
        );
    }
}
