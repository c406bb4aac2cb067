//! Is every request that we send found in the API server's audit log, and only ours?

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;
use support::Live;

use super::pods::client;

#[tokio::test]
async fn requests_are_counted_once_each_and_dry_runs_are_no_writes() {
    let live = Live::expected();
    let Some(audit) = &live.audit else { return };
    let maps: Api<ConfigMap> = Api::namespaced(client(&live).await, "default");
    let name = live.name("counted");
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "b" } });
    let apply = PatchParams::apply("counting");

    let mark = audit.mark().unwrap();
    maps.patch(&name, &apply.clone().dry_run(), &Patch::Apply(&map))
        .await
        .unwrap();
    maps.patch(&name, &apply, &Patch::Apply(&map))
        .await
        .unwrap();
    maps.list(&ListParams::default()).await.unwrap();
    maps.delete(&name, &DeleteParams::default()).await.unwrap();
    maps.get_opt(&name).await.unwrap();

    let seen = audit.since(mark).unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|r| (r.verb.as_str(), r.name.is_some(), r.code, r.is_write()))
        .collect();
    let expected = [
        ("patch", true, 201, false),
        ("patch", true, 201, true),
        ("list", false, 200, false),
        ("delete", true, 200, true),
        ("get", true, 404, false),
    ];
    assert_eq!(seen, expected);
}
