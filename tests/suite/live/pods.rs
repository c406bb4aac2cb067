//! Do pods behave as the tests need them to: ready by themselves, failing on request?

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::json;
use support::Live;

pub(super) async fn client(live: &Live) -> Client {
    let file = Kubeconfig::read_from(&live.kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

fn pod(name: &str, image: &str) -> Pod {
    serde_json::from_value(json!({
        "metadata": { "name": name },
        "spec": { "containers": [{ "name": "main", "image": image }], "terminationGracePeriodSeconds": 0 },
    }))
    .unwrap()
}

/// What the first container waits for, or `ready`, or `running`.
fn state(pod: &Pod) -> String {
    let container = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref()?.first());
    let waiting = container.and_then(|c| c.state.as_ref()?.waiting.as_ref()?.reason.clone());
    match container {
        Some(container) if container.ready => "ready".into(),
        Some(_) => waiting.unwrap_or_else(|| "running".into()),
        None => "not started".into(),
    }
}

#[tokio::test]
async fn a_pod_becomes_ready_or_fails_as_its_registry_says() {
    let live = Live::expected();
    if live.audit.is_none() {
        return; // a given cluster has its own way of running pods
    }
    let client = client(&live).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let name = live.name("pods");
    let namespace = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();

    let pods: Api<Pod> = Api::namespaced(client, &name);
    let wanted = BTreeSet::from([
        ("fine".to_owned(), "ready".to_owned()),
        ("missing".to_owned(), "ImagePullBackOff".to_owned()),
        ("crashing".to_owned(), "CrashLoopBackOff".to_owned()),
        ("unready".to_owned(), "running".to_owned()),
    ]);
    for (name, image) in [
        ("fine", "registry.invalid/app:1"),
        ("missing", "missing.invalid/app:1"),
        ("crashing", "crash.invalid/app:1"),
        ("unready", "unready.invalid/app:1"),
    ] {
        // The namespace's service account comes a moment after the namespace.
        let started = Instant::now();
        while let Err(error) = pods.create(&PostParams::default(), &pod(name, image)).await {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "{name}: {error}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let started = Instant::now();
    loop {
        let list = pods.list(&ListParams::default()).await.unwrap();
        let seen: BTreeSet<_> = list
            .iter()
            .map(|pod| (pod.metadata.name.clone().unwrap_or_default(), state(pod)))
            .collect();
        if seen == wanted {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "seen {seen:?}, wanted {wanted:?}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    namespaces
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
}
