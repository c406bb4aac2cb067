//! Taking a stack down.

use provider::{Outcome, Plan, Report, ResourceId, Verdict, event::Event, plan::Volumes};
use serde_json::json;

use crate::world::{World, config, limits, play, stack};

async fn teardown(world: &World) -> Plan {
    let observation = world.cluster.observe_owned("shop", "shop").await.unwrap();
    Plan::teardown("shop", "shop", &observation, Volumes::Keep)
}

/// Takes down, and plays the controller that ends namespaces.
async fn down(world: &World, plan: Plan) -> Report {
    play(world, plan, limits(), async |world, event| {
        if matches!(event, Event::StepWritten { id, .. } if id.is("", "Namespace")) {
            let mut namespace = world.get("/api/v1/namespaces/shop").await;
            namespace["spec"]["finalizers"] = json!([]);
            let path = "/api/v1/namespaces/shop/finalize";
            world
                .send("PUT", path, "application/json", &namespace)
                .await;
        }
    })
    .await
}

fn shop() -> provider::Stack {
    stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    })
}

#[tokio::test]
async fn a_stack_takes_its_namespace_its_inventory_and_its_lock_along() {
    let world = World::new();
    world.up(&shop()).await;
    let plan = teardown(&world).await;
    assert_eq!(plan.counts().delete, 2, "{:#?}", plan.steps);
    let report = down(&world, plan).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.get("/api/v1/namespaces/shop").await["error"].is_string());
    assert!(teardown(&world).await.is_empty());
    assert!(world.up(&shop()).await.succeeded(), "and it comes back");
}

#[tokio::test]
async fn a_namespace_in_which_others_live_stays_and_says_who() {
    let world = World::new();
    world.up(&shop()).await;
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
    world
        .send(
            "POST",
            "/api/v1/namespaces/shop/configmaps",
            "application/json",
            &foreign,
        )
        .await;
    let report = down(&world, teardown(&world).await).await;
    assert!(report.succeeded(), "{report:#?}");
    let namespace = ResourceId {
        group: String::new(),
        kind: "Namespace".into(),
        namespace: None,
        name: "shop".into(),
    };
    let Some(Outcome::Retained { reason }) = &report.objects[&namespace].outcome else {
        panic!("{report:#?}");
    };
    assert_eq!(reason, "it is in use by ConfigMap/shop/theirs");
    assert!(world.get("/api/v1/namespaces/shop/configmaps/theirs").await["error"].is_null());
    assert!(
        world
            .get("/api/v1/namespaces/shop/configmaps/settings")
            .await["error"]
            .is_string()
    );

    world
        .send(
            "DELETE",
            "/api/v1/namespaces/shop/configmaps/theirs",
            "application/json",
            &json!(null),
        )
        .await;
    let report = down(&world, teardown(&world).await).await;
    assert!(report.succeeded(), "{report:#?}");
    assert!(
        world.get("/api/v1/namespaces/shop").await["error"].is_string(),
        "now it goes"
    );
}
