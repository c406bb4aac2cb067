//! What leaves the definition goes; what is not ours stays.

use provider::{
    Lifecycle, Outcome,
    plan::{Action, Blocker, Volumes},
};
use serde_json::json;
use support::story;

use crate::fixtures::{config_maps, deployments, hello, page};

#[tokio::test]
async fn what_left_the_definition_is_deleted() {
    let two = |stack: &mut provider::Scope<'_>| {
        hello(1)(stack);
        stack.add(page("extra"));
    };
    story("prune-left", two, async |world| {
        world.applied().await;
        world.redefine(hello(1)).await;
        let plan = world.plan().await;
        let step = plan
            .step(&world.id(&config_maps(), "extra"))
            .expect("the ConfigMap is in the inventory");
        assert_eq!(step.action, Action::Delete);
        let report = world.up().await;
        assert_eq!(
            report.objects[&world.id(&config_maps(), "extra")].outcome,
            Some(Outcome::Deleted)
        );
        assert!(world.get(&config_maps(), "extra").await.is_none());
        assert!(world.plan().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_others_made_in_the_namespace_stays_and_keeps_it() {
    story("prune-guest", hello(1), async |world| {
        world.applied().await;
        let guest =
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "guest" } });
        world
            .applies("someone", &config_maps(), "guest", &guest)
            .await;
        let report = world.down(Volumes::Keep).await;
        assert!(report.succeeded(), "{report:#?}");
        assert!(world.get(&deployments(), "hello").await.is_none());
        assert!(
            world.get(&config_maps(), "guest").await.is_some(),
            "a guest is never deleted"
        );
        world.delete(&config_maps(), "guest").await;
    })
    .await;
}

#[tokio::test]
async fn a_protected_object_blocks_its_deletion() {
    let guarded = |stack: &mut provider::Scope<'_>| {
        hello(1)(stack);
        let precious = stack.add(page("precious"));
        stack.lifecycle(&precious, Lifecycle::Protected);
    };
    story("prune-guarded", guarded, async |world| {
        world.applied().await;
        world.redefine(hello(1)).await;
        let plan = world.plan().await;
        let step = plan.step(&world.id(&config_maps(), "precious")).unwrap();
        assert_eq!(step.blocker, Some(Blocker::Protected));
        world
            .redefine(|stack| {
                hello(1)(stack);
                stack.add(page("precious"));
            })
            .await;
        world.applied().await;
    })
    .await;
}
