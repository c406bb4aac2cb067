//! Waiting until workloads are ready, and not longer than it makes sense.

use std::time::Duration;

use provider::{Limits, Outcome, Readiness, Verdict, Wait, event::Event, report::Class};
use serde_json::{Value, json};

use crate::world::{World, config, deployment, limits, play, stack};

const API: &str = "/apis/apps/v1/namespaces/shop/deployments/api";

fn shop() -> provider::Stack {
    stack(|scope| {
        scope.add(deployment("api", "api:1"));
    })
}

fn is_written(event: &Event, name: &str) -> bool {
    matches!(event, Event::StepWritten { id, .. } if id.name == name)
}

async fn status(world: &World, path: &str, status: Value) {
    let body = json!({ "status": status });
    let answer = world
        .send(
            "PATCH",
            &format!("{path}/status"),
            "application/merge-patch+json",
            &body,
        )
        .await;
    assert!(answer["error"].is_null(), "{answer}");
}

async fn make(world: &World, path: &str, object: Value) -> Value {
    let answer = world.send("POST", path, "application/json", &object).await;
    assert!(answer["error"].is_null(), "{answer}");
    answer
}

#[tokio::test]
async fn a_run_ends_when_its_workloads_are_ready_and_says_what_they_waited_for() {
    let world = World::new();
    let report = play(&world, world.plan(&shop()).await, limits(), async |world, event| {
        if is_written(event, "api") {
            let half = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 1});
            status(world, API, half).await;
        }
        if matches!(event, Event::StepProgressed { readiness, .. } if readiness.reason() == "1 of 2 replicas are available") {
            status(world, API, json!({"availableReplicas": 2})).await;
        }
    })
    .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let api = report
        .objects
        .iter()
        .find(|(id, _)| id.name == "api")
        .unwrap()
        .1;
    assert_eq!(
        api.readiness,
        Some(Readiness::Progressing(
            "1 of 2 replicas are available".into()
        ))
    );
}

#[tokio::test]
async fn what_waits_for_readiness_starts_only_then() {
    let world = World::new();
    let shop = stack(|scope| {
        let api = scope.add(deployment("api", "api:1"));
        let after = scope.add(config("after", &[]));
        scope.depends_on(&after, &api);
    });
    let report = play(&world, world.plan(&shop).await, limits(), async |world, event| {
        if is_written(event, "api") {
            assert!(world.get("/api/v1/namespaces/shop/configmaps/after").await["error"].is_string());
            let all = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
            status(world, API, all).await;
        }
    })
    .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

/// A Pod of a revision of `api`, and the set between the two.
async fn pod_of(world: &World, revision: &str, status_of: Value) {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    make(world, "/api/v1/namespaces/shop/serviceaccounts", account).await;
    let live = world.get(API).await;
    let owner = |kind: &str, object: &Value| {
        let metadata = &object["metadata"];
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": metadata["name"], "uid": metadata["uid"], "controller": true}])
    };
    let annotation = json!({"deployment.kubernetes.io/revision": revision});
    let template = &live["spec"]["template"];
    let set = make(world, "/apis/apps/v1/namespaces/shop/replicasets", json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": format!("api-{revision}"), "annotations": annotation, "ownerReferences": owner("Deployment", &live)},
        "spec": {"selector": live["spec"]["selector"], "template": template},
    })).await;
    let name = format!("api-{revision}-0");
    make(
        world,
        "/api/v1/namespaces/shop/pods",
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "ownerReferences": owner("ReplicaSet", &set)},
            "spec": template["spec"],
        }),
    )
    .await;
    status(
        world,
        &format!("/api/v1/namespaces/shop/pods/{name}"),
        status_of,
    )
    .await;
}

fn crashing() -> Value {
    json!({"phase": "Running", "containerStatuses": [{
        "name": "api", "image": "api:1", "imageID": "", "ready": false, "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        "lastState": {"terminated": {"exitCode": 7, "reason": "Error"}},
    }]})
}

async fn annotate(world: &World, revision: &str) {
    world
        .edit(
            API,
            json!({"metadata": {"annotations": {"deployment.kubernetes.io/revision": revision}}}),
        )
        .await;
}

#[tokio::test]
async fn a_crash_loop_fails_fast_and_shows_which_container_and_why() {
    let world = World::new();
    let begun = std::time::Instant::now();
    let report = play(
        &world,
        world.plan(&shop()).await,
        limits(),
        async |world, event| {
            if is_written(event, "api") {
                annotate(world, "1").await;
                pod_of(world, "1", crashing()).await;
            }
        },
    )
    .await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "long before its time was up"
    );
    assert_eq!(report.verdict, Verdict::RolloutFailed, "{report:#?}");
    let (_, failed) = report.failures().next().unwrap();
    assert_eq!(failed.message, "it crashes: exit code 7, 3 restarts");
    assert_eq!(failed.evidence[0].of, "Pod/shop/api-1-0, container api");
}

#[tokio::test]
async fn pods_of_the_revision_before_may_crash_as_they_like() {
    let world = World::new();
    let brief = Limits {
        resource: Duration::from_secs(2),
        ..limits()
    };
    let report = play(
        &world,
        world.plan(&shop()).await,
        brief,
        async |world, event| {
            if is_written(event, "api") {
                annotate(world, "2").await;
                pod_of(world, "1", crashing()).await;
            }
        },
    )
    .await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
}

#[tokio::test]
async fn a_failed_rollout_stops_what_waits_for_it_and_nothing_else() {
    let world = World::new();
    let shop = stack(|scope| {
        let api = scope.add(deployment("api", "api:1"));
        let after = scope.add(config("after", &[]));
        scope.depends_on(&after, &api);
        scope.add(config("independent", &[]));
    });
    let report = play(&world, world.plan(&shop).await, limits(), async |world, event| {
        if is_written(event, "api") {
            let refused = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}]);
            status(world, API, json!({"observedGeneration": 1, "conditions": refused})).await;
        }
    })
    .await;
    let outcome = |name: &str| {
        report
            .objects
            .iter()
            .find(|(id, _)| id.name == name)
            .unwrap()
            .1
            .outcome
            .clone()
    };
    assert_eq!(outcome("independent"), Some(Outcome::Created));
    assert!(
        matches!(outcome("after"), Some(Outcome::Skipped { because: Some(id), .. }) if id.name == "api"),
        "{report:#?}"
    );
    let (_, failed) = report.failures().next().unwrap();
    assert_eq!(
        (failed.class, failed.message.as_str()),
        (
            Class::Rollout,
            "its Pods cannot be created: FailedCreate: exceeded quota"
        )
    );
}

#[tokio::test]
async fn who_waits_for_nothing_is_done_when_all_is_applied_and_a_later_run_still_waits() {
    let world = World::new();
    let hasty = Limits {
        wait: Wait::Applied,
        ..limits()
    };
    let (report, _) = world.apply_within(&world.plan(&shop()).await, &hasty).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");

    let plan = world.plan(&shop()).await;
    assert!(plan.is_empty());
    let brief = Limits {
        resource: Duration::from_secs(1),
        ..limits()
    };
    let (report, _) = world.apply_within(&plan, &brief).await;
    assert_eq!(
        report.verdict,
        Verdict::TimedOut,
        "what is unchanged and not ready is no success: {report:#?}"
    );
    assert_eq!(report.requests.writes(), 0);
}

#[tokio::test]
async fn a_run_whose_time_is_up_says_where_it_stands() {
    let world = World::new();
    let brief = Limits {
        run: Duration::from_secs(1),
        ..limits()
    };
    let (report, events) = world.apply_within(&world.plan(&shop()).await, &brief).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    let api = report
        .objects
        .iter()
        .find(|(id, _)| id.name == "api")
        .unwrap()
        .1;
    assert!(api.written && api.outcome.is_none(), "{api:?}");
    assert!(matches!(
        events.last(),
        Some(Event::Finished {
            verdict: Verdict::TimedOut,
            ..
        })
    ));
}

#[tokio::test]
async fn a_run_that_loses_its_lock_starts_nothing_new() {
    let world = World::new();
    let shop = stack(|scope| {
        let api = scope.add(deployment("api", "api:1"));
        let after = scope.add(config("after", &[]));
        scope.depends_on(&after, &api);
    });
    let short = Limits {
        lease: Duration::from_secs(1),
        ..limits()
    };
    let report = play(
        &world,
        world.plan(&shop).await,
        short,
        async |world, event| {
            if is_written(event, "api") {
                let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/stacks-shop";
                let change = json!({"spec": {"holderIdentity": "bob@ci"}});
                world.edit(path, change).await;
            }
        },
    )
    .await;
    assert_eq!(
        report.stopped.as_ref().map(|stopped| stopped.class),
        Some(Class::LockLost),
        "{report:#?}"
    );
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(world.get("/api/v1/namespaces/shop/configmaps/after").await["error"].is_string());
    let lease = world
        .get("/apis/coordination.k8s.io/v1/namespaces/shop/leases/stacks-shop")
        .await;
    assert_eq!(
        lease["spec"]["holderIdentity"], "bob@ci",
        "and leaves the lock to whom it belongs"
    );
}
