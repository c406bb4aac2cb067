//! How does an object look as a row of `kubectl get`?

use serde_json::{Value, json};

use super::columns::{self, Column};
use super::metadata_only;
use crate::registry::Resource;
use crate::status::Refusal;

/// What each row carries beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncludeObject {
    Metadata,
    Object,
    None,
}

impl IncludeObject {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        match text {
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("Object") => Ok(Self::Object),
            Some("None") => Ok(Self::None),
            Some(other) => Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: \
                 \"{other}\": must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

pub(super) fn of_object(resource: &Resource, object: &Value, include: IncludeObject) -> Value {
    let columns = columns::of(resource);
    let version = &object["metadata"]["resourceVersion"];
    let metadata = json!({ "resourceVersion": version });
    table(&metadata, &columns, &[row(&columns, object, include)])
}

pub(super) fn of_list(resource: &Resource, list: &Value, include: IncludeObject) -> Value {
    let columns = columns::of(resource);
    let rows = list["items"].as_array().into_iter().flatten().map(|item| {
        let mut item = item.clone();
        item["apiVersion"] = json!(resource.api_version());
        item["kind"] = json!(resource.kind);
        row(&columns, &item, include)
    });
    let rows: Vec<Value> = rows.collect();
    table(&list["metadata"], &columns, &rows)
}

fn table(metadata: &Value, columns: &[Column], rows: &[Value]) -> Value {
    let definitions: Vec<Value> = columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name, "type": column.kind, "format": column.format,
                "description": column.description, "priority": column.priority,
            })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

/// An annotation that is shown on DaemonSets, and not in tables of them.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn row(columns: &[Column], object: &Value, include: IncludeObject) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
        && annotations.remove(TEMPLATE_GENERATION).is_some()
        && annotations.is_empty()
    {
        metadata.remove("annotations");
    }
    let object = &object;
    let cells: Vec<Value> = columns.iter().map(|column| (column.cell)(object)).collect();
    let object = match include {
        IncludeObject::Metadata => metadata_only(object),
        IncludeObject::Object => object.clone(),
        IncludeObject::None => Value::Null,
    };
    json!({ "cells": cells, "object": object })
}
