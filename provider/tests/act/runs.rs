//! Two runs at once, runs that are interrupted, and runs that die.

use std::{sync::Arc, time::Duration};

use provider::{Interrupt, Limits, Outcome, Verdict, event::Event};
use serde_json::json;

use crate::world::{World, config, limits, stack};

fn shop() -> provider::Stack {
    stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    })
}

/// The stack's lock, as another run would hold it since `renewed`.
async fn lock(world: &World, holder: &str, renewed: &str) {
    let spec = json!({"holderIdentity": holder, "leaseDurationSeconds": 60, "acquireTime": renewed, "renewTime": renewed});
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "stacks-shop"}, "spec": spec});
    let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    let answer = world.send("POST", path, "application/json", &lease).await;
    assert!(answer["error"].is_null(), "{answer}");
}

#[tokio::test]
async fn a_held_lock_stops_a_run_and_names_the_holder() {
    let world = World::new();
    world.up(&shop()).await;
    world
        .edit(
            "/api/v1/namespaces/shop/configmaps/settings",
            json!({"data": {"mode": "slow"}}),
        )
        .await;
    let now = "2999-01-01T00:00:00.000000Z";
    lock(&world, "bob@ci (pid 7) up", now).await;
    let report = world.apply(&world.plan(&shop()).await).await;
    assert_eq!(report.verdict, Verdict::Locked);
    let message = &report.stopped.as_ref().unwrap().message;
    assert_eq!(
        message,
        &format!("stack `shop` is locked by bob@ci (pid 7) up since {now}")
    );
    assert_eq!(report.requests.writes(), 0);
}

#[tokio::test]
async fn the_lock_of_a_run_that_died_is_taken() {
    let world = World::new();
    world.up(&shop()).await;
    world
        .edit(
            "/api/v1/namespaces/shop/configmaps/settings",
            json!({"data": {"mode": "slow"}}),
        )
        .await;
    lock(&world, "bob@ci", "2020-01-01T00:00:00.000000Z").await;
    let report = world.apply(&world.plan(&shop()).await).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn of_two_runs_at_once_one_works_and_the_other_says_why_it_did_not() {
    let world = World::new();
    let plan = Arc::new(world.plan(&shop()).await);
    let both = ["ana", "bob"].map(|holder| {
        let (cluster, plan) = (World::cluster_of(&world.sandbox, holder), Arc::clone(&plan));
        let limits = Limits {
            lock: Duration::from_secs(10),
            ..limits()
        };
        tokio::spawn(async move { cluster.apply(&plan, &limits, &mut ()).await })
    });
    let mut verdicts = Vec::new();
    for run in both {
        verdicts.push(run.await.unwrap().verdict);
    }
    verdicts.sort();
    assert_eq!(verdicts, [Verdict::Done, Verdict::Stale]);
    assert!(
        world.plan(&shop()).await.is_empty(),
        "the next run converges"
    );
}

#[tokio::test]
async fn an_interrupted_run_starts_nothing_new_and_the_next_one_goes_on() {
    let world = World::new();
    let interrupt = Interrupt::default();
    let shop = stack(|scope| {
        let first = scope.add(config("a", &[]));
        let second = scope.add(config("b", &[]));
        scope.depends_on(&second, &first);
    });
    let limits = Limits {
        interrupt: interrupt.clone(),
        ..limits()
    };
    let plan = world.plan(&shop).await;
    let mut events = Vec::new();
    let mut listen = provider::event::Each(|event: &Event| {
        // As soon as the first object is there, someone presses the key.
        if matches!(event, Event::StepWritten { id, .. } if id.name == "a") {
            interrupt.trigger();
        }
        events.push(event.clone());
    });
    let report = world.cluster.apply(&plan, &limits, &mut listen).await;
    assert_eq!(report.verdict, Verdict::Interrupted, "{report:#?}");
    let outcome = |name: &str| {
        report
            .objects
            .iter()
            .find(|(id, _)| id.name == name)
            .and_then(|(_, object)| object.outcome.clone())
    };
    assert_eq!(outcome("a"), Some(Outcome::Created));
    assert!(
        matches!(outcome("b"), Some(Outcome::Skipped { .. })),
        "{report:#?}"
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Stopping { .. }))
    );
    let plan = world.plan(&shop).await;
    assert_eq!((plan.counts().create, plan.counts().keep), (1, 2));
    assert!(world.apply(&plan).await.succeeded());
}

#[tokio::test]
async fn what_a_dead_run_left_behind_is_still_known() {
    let world = World::new();
    let more = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
        scope.add(config("extra", &[]));
    });
    let plan = world.plan(&more).await;
    // The run dies, unannounced, as soon as its second object is there.
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let (cluster, plan) = (world.cluster.clone(), Arc::new(plan));
    let run = tokio::spawn({
        let (plan, mut sender) = (Arc::clone(&plan), sender);
        async move { cluster.apply(&plan, &limits(), &mut sender).await }
    });
    while let Some(event) = events.recv().await {
        if matches!(&event, Event::StepWritten { id, .. } if id.name == "extra") {
            run.abort();
            break;
        }
    }
    let _ = run.await;
    world
        .send(
            "DELETE",
            "/apis/coordination.k8s.io/v1/namespaces/shop/leases/stacks-shop",
            "application/json",
            &json!(null),
        )
        .await;
    let plan = world.plan(&shop()).await;
    assert_eq!(
        plan.counts().delete,
        1,
        "`extra` is not forgotten: {:#?}",
        plan.steps
    );
    assert!(world.apply(&plan).await.succeeded());
    assert!(world.get("/api/v1/namespaces/shop/configmaps/extra").await["error"].is_string());
}
