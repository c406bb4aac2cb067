//! Workloads become ready by themselves, or fail as they ask to.

#![allow(clippy::unwrap_used)] // the helpers of tests are tests, too

use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource};
use sandbox::Sandbox;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);

fn client() -> Client {
    Sandbox::new().client()
}

fn pod_template(annotations: &Value) -> Value {
    json!({
        "metadata": { "labels": { "app": "web" }, "annotations": annotations },
        "spec": { "containers": [{ "name": "app", "image": "registry.example/app:1" }] },
    })
}

fn workload(kind: &str, spec: &Value) -> Value {
    let group = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!({ "apiVersion": group, "kind": kind, "metadata": { "name": "web" }, "spec": spec })
}

/// Waits until `holds` is true of the object.
async fn until<K>(api: &Api<K>, name: &str, holds: impl Fn(&Value) -> bool) -> Value
where
    K: Resource + Clone + DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    let mut last = Value::Null;
    let waiting = async {
        loop {
            if let Some(object) = api.get_opt(name).await.unwrap() {
                last = serde_json::to_value(object).unwrap();
                if holds(&last) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let result = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(result.is_ok(), "it never came to hold: {last:#}");
    last
}

async fn create<K>(client: &Client, object: Value) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + serde::Serialize
        + std::fmt::Debug,
{
    let api: Api<K> = Api::default_namespaced(client.clone());
    api.create(
        &PostParams::default(),
        &serde_json::from_value(object).unwrap(),
    )
    .await
    .unwrap();
    api
}

#[tokio::test]
async fn a_deployment_becomes_available_and_rolls_over() {
    let client = client();
    let spec = json!({
        "replicas": 3, "selector": { "matchLabels": { "app": "web" } }, "template": pod_template(&json!({})),
    });
    let api: Api<Deployment> = create(&client, workload("Deployment", &spec)).await;
    until(&api, "web", |web| web["status"]["availableReplicas"] == 3).await;
    let image = json!({ "spec": { "template": { "spec": { "containers": [
        { "name": "app", "image": "registry.example/app:2" },
    ] } } } });
    api.patch("web", &PatchParams::default(), &Patch::Strategic(image))
        .await
        .unwrap();
    let done = until(&api, "web", |web| {
        web["status"]["observedGeneration"] == web["metadata"]["generation"]
            && web["status"]["updatedReplicas"] == 3
            && web["status"]["replicas"] == 3
            && web["status"]["availableReplicas"] == 3
    })
    .await;
    let managers = done["metadata"]["managedFields"].as_array().unwrap();
    assert!(managers.iter().any(|entry| {
        entry["manager"] == "kube-controller-manager" && entry["subresource"] == "status"
    }));
}

#[tokio::test]
async fn a_stateful_set_brings_its_claims_and_they_outlive_it() {
    let client = client();
    let spec = json!({
        "replicas": 2, "serviceName": "web", "selector": { "matchLabels": { "app": "web" } },
        "template": pod_template(&json!({})),
        "volumeClaimTemplates": [{
            "metadata": { "name": "data" },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
        }],
    });
    let api: Api<StatefulSet> = create(&client, workload("StatefulSet", &spec)).await;
    until(&api, "web", |web| web["status"]["readyReplicas"] == 2).await;
    let claims: Api<PersistentVolumeClaim> = Api::default_namespaced(client.clone());
    until(&claims, "data-web-1", |claim| {
        claim["status"]["phase"] == "Bound"
    })
    .await;
    api.delete("web", &DeleteParams::default()).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client);
    tokio::time::timeout(PATIENCE, async {
        while !pods
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert!(claims.get_opt("data-web-0").await.unwrap().is_some());
}

#[tokio::test]
async fn a_daemon_set_runs_on_the_one_node_and_a_job_completes() {
    let client = client();
    let spec = json!({ "selector": { "matchLabels": { "app": "web" } }, "template": pod_template(&json!({})) });
    let daemons: Api<DaemonSet> = create(&client, workload("DaemonSet", &spec)).await;
    until(&daemons, "web", |web| web["status"]["numberReady"] == 1).await;
    let mut template = pod_template(&json!({}));
    template["spec"]["restartPolicy"] = json!("Never");
    let jobs: Api<Job> = create(&client, workload("Job", &json!({ "template": template }))).await;
    let done = until(&jobs, "web", |job| job["status"]["succeeded"] == 1).await;
    assert!(done["status"]["completionTime"].is_string());
}

#[tokio::test]
async fn a_failure_that_is_asked_for_shows_in_the_pods_and_heals() {
    let client = client();
    let fail = json!({ sandbox::FAIL: "ImagePullBackOff" });
    let spec =
        json!({ "selector": { "matchLabels": { "app": "web" } }, "template": pod_template(&fail) });
    let api: Api<Deployment> = create(&client, workload("Deployment", &spec)).await;
    until(&api, "web", |web| web["status"]["unavailableReplicas"] == 1).await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let waiting = || async {
        let list = pods.list(&ListParams::default()).await.unwrap();
        let pod = serde_json::to_value(list.items.first()?).unwrap();
        let reason = pod.pointer("/status/containerStatuses/0/state/waiting/reason")?;
        reason.as_str().map(str::to_owned)
    };
    tokio::time::timeout(PATIENCE, async {
        while waiting().await.as_deref() != Some("ImagePullBackOff") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let heal = json!({ "spec": { "template": { "metadata": { "annotations": { sandbox::FAIL: null } } } } });
    api.patch("web", &PatchParams::default(), &Patch::Merge(heal))
        .await
        .unwrap();
    until(&api, "web", |web| {
        web["status"]["availableReplicas"] == 1 && web["status"]["replicas"] == 1
    })
    .await;
}

#[tokio::test]
async fn pods_that_are_refused_are_told_by_the_deployment() {
    let client = client();
    let fail = json!({ sandbox::FAIL: "FailedCreate" });
    let spec =
        json!({ "selector": { "matchLabels": { "app": "web" } }, "template": pod_template(&fail) });
    let api: Api<Deployment> = create(&client, workload("Deployment", &spec)).await;
    until(&api, "web", |web| {
        web["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|condition| {
                condition["type"] == "ReplicaFailure" && condition["reason"] == "FailedCreate"
            })
    })
    .await;
}

#[tokio::test]
async fn pods_that_are_refused_again_and_again_are_no_news() {
    let client = client();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let strict =
        json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
    namespaces
        .patch("default", &PatchParams::default(), &Patch::Merge(strict))
        .await
        .unwrap();
    let spec = json!({
        "selector": { "matchLabels": { "app": "web" } }, "template": pod_template(&json!({})),
    });
    let api: Api<Deployment> = create(&client, workload("Deployment", &spec)).await;
    let is_told = |web: &Value| web["status"].to_string().contains("violates PodSecurity");
    until(&api, "web", is_told).await;
    // What still follows from the refusal has its time; what follows from itself would never end.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = api.get("web").await.unwrap().metadata.resource_version;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = api.get("web").await.unwrap().metadata.resource_version;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_namespace_is_emptied_before_it_goes() {
    let client = client();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "team" } });
    let object = serde_json::from_value(object).unwrap();
    namespaces
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client, "team");
    until(&accounts, "default", |_| true).await;
    namespaces
        .delete("team", &DeleteParams::default())
        .await
        .unwrap();
    tokio::time::timeout(PATIENCE, async {
        while namespaces.get_opt("team").await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert!(accounts.get_opt("default").await.unwrap().is_none());
}
