//! LIST: selectors, pages and the version to read at.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::Call;
use crate::admission;
use crate::answer::Answer;
use crate::registry::Resource;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Cause, Refusal, Subject};
use crate::store::ObjectName;
use crate::world::World;

/// Which objects of a collection are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    namespace: Option<String>,
}

impl Selection {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let labels = LabelSelector::parse(call.query.get("labelSelector").unwrap_or_default())?;
        let fields = FieldSelector::parse(call.query.get("fieldSelector").unwrap_or_default())?;
        for field in fields.fields() {
            check_field(&call.resource, field)?;
        }
        Ok(Self {
            labels,
            fields,
            namespace: call.target.namespace.clone(),
        })
    }

    pub(super) fn matches(&self, name: &ObjectName, object: &Value) -> bool {
        self.namespace
            .as_ref()
            .is_none_or(|namespace| *namespace == name.namespace)
            && self.labels.matches(object)
            && self.fields.matches(object)
    }

    fn chooses_all(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
}

/// Fields beyond name and namespace that a kind can be selected by.
const SELECTABLE: [(&str, &[&str]); 7] = [
    (
        "Pod",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    ("Node", &["spec.unschedulable"]),
    ("Namespace", &["status.phase"]),
    ("Secret", &["type"]),
    ("Service", &["spec.clusterIP", "spec.type"]),
    ("Job", &["status.successful"]),
    (
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "regarding.kind",
            "regarding.name",
            "regarding.uid",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
];

fn check_field(resource: &Resource, field: &str) -> Result<(), Refusal> {
    let general = field == "metadata.name" || field == "metadata.namespace";
    let special = SELECTABLE
        .iter()
        .any(|(kind, fields)| *kind == resource.kind && fields.contains(&field));
    if general || special {
        Ok(())
    } else {
        Err(Refusal::bad_request(format!(
            "field label not supported: {field}"
        )))
    }
}

/// Where the next page starts, and the version that all pages show.
#[derive(Debug, Serialize, Deserialize)]
struct Continue {
    revision: u64,
    namespace: String,
    name: String,
}

pub(super) fn list(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    check_options(call)?;
    let selection = Selection::of(call)?;
    let limit = call
        .query
        .number("limit")
        .and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let start = page_start(call)?;
    let revision = match &start {
        Some(start) => start.revision,
        None => version_to_read(world, call)?,
    };
    let objects = world
        .store
        .at(&call.resource.collection(), revision)
        .map_err(|_| {
            Refusal::expired(
                "The provided continue parameter is too old to display a consistent list result. \
             You can start a new list without the continue parameter.",
            )
        })?;
    let after = start.map(|start| ObjectName::new(&start.namespace, &start.name));
    let mut chosen = objects
        .iter()
        .filter(|(name, _)| after.as_ref().is_none_or(|after| *name > after))
        .filter(|(name, object)| selection.matches(name, object));
    let page: Vec<(&ObjectName, &Arc<Value>)> = chosen.by_ref().take(limit).collect();
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".into(), json!(revision.to_string()));
    let remaining = chosen.count();
    if let Some((last, _)) = page.last().filter(|_| remaining > 0) {
        metadata.insert("continue".into(), json!(token(revision, last)));
        if selection.chooses_all() {
            metadata.insert("remainingItemCount".into(), json!(remaining));
        }
    }
    if call.resource.custom().is_some() {
        // Lists of custom resources say that there is no more where others say nothing.
        metadata.entry("continue").or_insert_with(|| json!(""));
    }
    let items: Vec<Value> = page
        .into_iter()
        .map(|(_, object)| item(&call.resource, object))
        .collect();
    Ok(call.answer_list(body(&call.resource, &metadata, &items)))
}

/// A list of the given items.
pub(super) fn body(resource: &Resource, metadata: &Map<String, Value>, items: &[Value]) -> Value {
    json!({
        "kind": resource.list_kind, "apiVersion": resource.api_version(),
        "metadata": metadata, "items": items,
    })
}

/// An object as an item: lists of built-in kinds do not repeat the kind.
pub(super) fn item(resource: &Resource, object: &Value) -> Value {
    let mut item = object.clone();
    admission::on_read(&mut item);
    if resource.custom().is_some() {
        item["apiVersion"] = json!(resource.api_version());
    } else if let Some(item) = item.as_object_mut() {
        item.remove("apiVersion");
        item.remove("kind");
    }
    item
}

fn token(revision: u64, last: &ObjectName) -> String {
    let token = Continue {
        revision,
        namespace: last.namespace.clone(),
        name: last.name.clone(),
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn page_start(call: &Call<'_>) -> Result<Option<Continue>, Refusal> {
    let Some(token) = call.query.get("continue") else {
        return Ok(None);
    };
    if call
        .query
        .get("resourceVersion")
        .is_some_and(|version| version != "0")
    {
        return Err(Refusal::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let decoded = URL_SAFE_NO_PAD.decode(token).ok();
    let start = decoded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    start.map(Some).ok_or_else(|| {
        Refusal::bad_request("continue key is not valid: the token was not made by this server")
    })
}

/// Refuses combinations of options that contradict each other.
pub(super) fn check_options(call: &Call<'_>) -> Result<(), Refusal> {
    let mut causes = Vec::new();
    let mut forbid = |field: &str, why: &str| {
        causes.push(Cause {
            reason: "FieldValueForbidden".to_owned(),
            message: format!("Forbidden: {why}"),
            field: field.to_owned(),
        });
    };
    let is_watch = call.query.flag("watch");
    let version = call.query.get("resourceVersion");
    let matching = call.query.get("resourceVersionMatch");
    let initial_events = call.query.has("sendInitialEvents");
    match (is_watch, initial_events) {
        (true, false) if matching.is_some() => forbid(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (true, true) if matching != Some("NotOlderThan") => forbid(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (false, true) => forbid(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        ),
        _ => {}
    }
    if let (false, Some(matching)) = (is_watch, matching) {
        if version.is_none() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            forbid("resourceVersionMatch", why);
        }
        if call.query.get("continue").is_some() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            forbid("resourceVersionMatch", why);
        }
        if matching == "Exact" && version == Some("0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            forbid("resourceVersionMatch", why);
        }
        if !matches!(matching, "Exact" | "NotOlderThan") {
            causes.push(Cause {
                reason: "FieldValueNotSupported".to_owned(),
                message: format!(
                    "Unsupported value: {matching:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
                ),
                field: "resourceVersionMatch".to_owned(),
            });
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    let about = Subject {
        group: "meta.k8s.io",
        kind: "ListOptions",
        name: "",
    };
    Err(Refusal::invalid(about, causes))
}

fn version_to_read(world: &World, call: &Call<'_>) -> Result<u64, Refusal> {
    let current = world.store.revision();
    let Some(text) = call
        .query
        .get("resourceVersion")
        .filter(|text| *text != "0")
    else {
        return Ok(current);
    };
    let asked: u64 = text.parse().map_err(|_| {
        Refusal::bad_request(format!(
            "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
        ))
    })?;
    if asked > current {
        return Err(too_large(asked, current));
    }
    let exact = match call.query.get("resourceVersionMatch") {
        Some(matching) => matching == "Exact",
        // Without a word on matching, a page is exact and a whole list is at least as new.
        None => call.query.number("limit").is_some_and(|limit| limit > 0),
    };
    Ok(if exact { asked } else { current })
}

fn too_large(asked: u64, current: u64) -> Refusal {
    let mut details = Map::new();
    details.insert("retryAfterSeconds".into(), json!(1));
    Refusal::new(
        504,
        "Timeout",
        format!("Timeout: Too large resource version: {asked}, current: {current}"),
    )
    .with_details(details)
    .with_cause("ResourceVersionTooLarge", "", "Too large resource version")
}
