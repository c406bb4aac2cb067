//! A real client cannot tell the sandbox from a server.

#![allow(clippy::unwrap_used)] // the helpers of tests are tests, too

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use sandbox::{Controllers, Sandbox};
use serde_json::json;

fn config_map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name }, "data": { "key": value },
    }))
    .unwrap()
}

fn maps() -> Api<ConfigMap> {
    Api::default_namespaced(Sandbox::new().controllers(Controllers::Off).client())
}

#[tokio::test]
async fn what_is_created_can_be_read_listed_changed_and_deleted() {
    let maps = maps();
    let created = maps
        .create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    assert!(created.metadata.uid.is_some());
    let patch = Patch::Merge(json!({ "data": { "key": "2" } }));
    maps.patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let listed = maps.list(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items[0].data.as_ref().unwrap()["key"], "2");
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn applying_twice_writes_once() {
    let maps = maps();
    let params = PatchParams::apply("stacks/prod");
    let first = maps
        .patch("a", &params, &Patch::Apply(config_map("a", "1")))
        .await
        .unwrap();
    let second = maps
        .patch("a", &params, &Patch::Apply(config_map("a", "1")))
        .await
        .unwrap();
    assert_eq!(
        first.metadata.resource_version,
        second.metadata.resource_version
    );
    let managers = second.metadata.managed_fields.unwrap();
    assert_eq!(managers[0].manager.as_deref(), Some("stacks/prod"));
}

#[tokio::test]
async fn a_watch_sees_changes_as_they_happen() {
    let maps = maps();
    let events = maps.watch(&WatchParams::default(), "0").await.unwrap();
    maps.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let events: Vec<_> = events.boxed().take(2).try_collect().await.unwrap();
    assert!(
        matches!(&events[0], WatchEvent::Added(map) if map.metadata.name.as_deref() == Some("a"))
    );
    assert!(matches!(&events[1], WatchEvent::Deleted(_)));
}

#[tokio::test]
async fn a_new_cluster_has_its_namespaces() {
    let client = Sandbox::new().client();
    let namespaces: Api<Namespace> = Api::all(client);
    let names: Vec<_> = namespaces
        .list_metadata(&ListParams::default())
        .await
        .unwrap()
        .items;
    let names: Vec<_> = names
        .into_iter()
        .filter_map(|item| item.metadata.name)
        .collect();
    assert_eq!(
        names,
        ["default", "kube-node-lease", "kube-public", "kube-system"]
    );
}
