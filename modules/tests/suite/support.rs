//! A graph of a few lines, and its objects.

use provider_core::{Findings, Graph, Scope, Stack};
use serde_json::Value;

/// The graph of a definition.
pub(crate) fn graph(define: fn(&mut Scope<'_>)) -> Result<Graph, Findings> {
    Stack::new("test", define).graph()
}

/// The objects of a definition that is right.
pub(crate) fn objects(define: fn(&mut Scope<'_>)) -> Vec<Value> {
    let graph = graph(define).unwrap_or_else(|findings| panic!("{findings}"));
    graph
        .resources()
        .map(|resource| resource.object.clone())
        .collect()
}

/// What modules made themselves, without the labels that the engine adds to everything, as YAML.
pub(crate) fn own_yaml(define: fn(&mut Scope<'_>)) -> String {
    let derived =
        |object: &Value| object["kind"] == "NetworkPolicy" || object["kind"] == "Namespace";
    let mut documents = Vec::new();
    for mut object in objects(define) {
        if derived(&object) {
            continue;
        }
        if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
            labels.retain(|key, _| {
                !key.starts_with("applyset.kubernetes.io/") && key != "app.kubernetes.io/managed-by"
            });
        }
        documents.push(serde_saphyr::to_string(&object).unwrap());
    }
    documents.join("---\n")
}

/// All files of all ConfigMaps: the object's name, the file's name, its content.
pub(crate) fn files(define: fn(&mut Scope<'_>)) -> Vec<(String, String, String)> {
    let mut files = Vec::new();
    for object in objects(define) {
        if object["kind"] != "ConfigMap" {
            continue;
        }
        let owner = object["metadata"]["name"].as_str().unwrap().to_owned();
        for (name, content) in object["data"].as_object().into_iter().flatten() {
            let content = content.as_str().unwrap().to_owned();
            files.push((owner.clone(), name.clone(), content));
        }
    }
    files
}

/// Every Pod template, with the namespace and the name of what runs it.
pub(crate) fn templates(define: fn(&mut Scope<'_>)) -> Vec<(String, String, Value)> {
    let mut templates = Vec::new();
    for object in objects(define) {
        let template = match object["kind"].as_str().unwrap() {
            "Deployment" | "StatefulSet" | "DaemonSet" => &object["spec"]["template"],
            "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
            _ => continue,
        };
        let text = |field: &str| object["metadata"][field].as_str().unwrap().to_owned();
        templates.push((text("namespace"), text("name"), template.clone()));
    }
    templates
}

/// The configuration of the collector of that name.
pub(crate) fn config_of(objects: &[Value], name: &str) -> Value {
    let map = objects.iter().find(|object| {
        object["kind"] == "ConfigMap"
            && object["metadata"]["labels"]["app.kubernetes.io/name"] == name
    });
    serde_saphyr::from_str(map.unwrap()["data"]["config.yaml"].as_str().unwrap()).unwrap()
}
