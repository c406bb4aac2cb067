//! Creating, keeping, changing and pruning.

use provider::{Outcome, Verdict, cluster::Verb, plan::Action};
use serde_json::json;

use crate::world::{World, config, stack};

const SETTINGS: &str = "/api/v1/namespaces/shop/configmaps/settings";

#[tokio::test]
async fn what_was_just_applied_is_kept_and_a_second_run_writes_nothing() {
    let world = World::new();
    let shop = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
        scope.add(config("other", &[]));
    });
    let first = world.up(&shop).await;
    assert_eq!(first.verdict, Verdict::Done);
    let created = first
        .objects
        .values()
        .filter(|object| object.outcome == Some(Outcome::Created))
        .count();
    assert_eq!(created, first.objects.len());

    let before = world.requests();
    let plan = world.plan(&shop).await;
    assert!(plan.is_empty(), "{:#?}", plan.steps);
    let second = world.apply(&plan).await;
    assert_eq!(second.verdict, Verdict::Unchanged);
    let spent = world.requests().since(&before);
    assert_eq!(spent.writes(), 0, "{spent:?}");
}

#[tokio::test]
async fn a_plan_of_an_applied_stack_costs_one_list_per_kind_and_one_dry_run_per_object() {
    let world = World::new();
    let shop = stack(|scope| {
        for name in ["a", "b", "c", "d"] {
            scope.add(config(name, &[("k", "v")]));
        }
        scope.add(config("other", &[]));
    });
    world.up(&shop).await;
    let before = world.requests();
    world.plan(&shop).await;
    let spent = world.requests().since(&before);
    let objects = u64::try_from(shop.graph().unwrap().len()).unwrap();
    assert_eq!(spent.of(Verb::DryRun), objects, "{spent:?}");
    assert_eq!(
        spent.of(Verb::List),
        2,
        "Namespace and ConfigMap: {spent:?}"
    );
    assert_eq!(spent.of(Verb::Get), 1, "the inventory: {spent:?}");
}

#[tokio::test]
async fn drift_is_retaken_as_the_plan_shows_it() {
    let world = World::new();
    let shop = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    });
    world.up(&shop).await;
    world
        .edit(SETTINGS, json!({"data": {"mode": "slow"}}))
        .await;
    let plan = world.plan(&shop).await;
    assert_eq!(plan.drifted().count(), 1);
    let report = world.apply(&plan).await;
    assert!(report.succeeded(), "{report:#?}");
    assert_eq!(world.get(SETTINGS).await["data"]["mode"], "fast");
    assert!(world.plan(&shop).await.is_empty());
}

#[tokio::test]
async fn what_leaves_the_definition_leaves_the_cluster() {
    let world = World::new();
    world
        .up(&stack(|scope| {
            scope.add(config("settings", &[("mode", "fast"), ("old", "x")]));
            scope.add(config("gone", &[]));
        }))
        .await;
    let less = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    });
    let plan = world.plan(&less).await;
    assert_eq!((plan.counts().delete, plan.counts().update), (1, 1));
    let report = world.apply(&plan).await;
    assert!(report.succeeded(), "{report:#?}");
    assert_eq!(world.get(SETTINGS).await["data"], json!({"mode": "fast"}));
    assert!(world.get("/api/v1/namespaces/shop/configmaps/gone").await["error"].is_string());
    assert!(world.plan(&less).await.is_empty());
}

#[tokio::test]
async fn an_object_that_someone_deleted_is_made_again() {
    let world = World::new();
    let shop = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    });
    world.up(&shop).await;
    world
        .send("DELETE", SETTINGS, "application/json", &json!(null))
        .await;
    let plan = world.plan(&shop).await;
    assert_eq!(plan.counts().create, 1);
    assert!(
        plan.steps
            .iter()
            .any(|step| step.vanished && step.action == Action::Create)
    );
    assert!(world.apply(&plan).await.succeeded());
}

#[tokio::test]
async fn an_approved_change_goes_on_when_only_something_else_moved() {
    let world = World::new();
    world
        .up(&stack(|scope| {
            scope.add(config("settings", &[("mode", "fast")]));
        }))
        .await;
    let next = stack(|scope| {
        scope.add(config("settings", &[("mode", "faster")]));
    });
    let plan = world.plan(&next).await;
    world
        .edit(
            SETTINGS,
            json!({"metadata": {"annotations": {"note": "seen"}}}),
        )
        .await;
    let report = world.apply(&plan).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let now = world.get(SETTINGS).await;
    assert_eq!(
        (
            &now["data"]["mode"],
            &now["metadata"]["annotations"]["note"]
        ),
        (&json!("faster"), &json!("seen"))
    );
}

#[tokio::test]
async fn a_change_that_is_no_longer_the_approved_one_stops() {
    let world = World::new();
    world
        .up(&stack(|scope| {
            scope.add(config("settings", &[("mode", "fast")]));
        }))
        .await;
    let next = stack(|scope| {
        scope.add(config("settings", &[("mode", "faster")]));
    });
    let plan = world.plan(&next).await;
    world
        .edit(SETTINGS, json!({"data": {"mode": "slow"}}))
        .await;
    let report = world.apply(&plan).await;
    assert_eq!(report.verdict, Verdict::Stale, "{report:#?}");
    assert_eq!(
        world.get(SETTINGS).await["data"]["mode"],
        "slow",
        "nothing was overwritten"
    );
}
