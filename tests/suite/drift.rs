//! What someone else has changed is found, has a name, and is retaken.

use provider::plan::{Action, Cause};
use serde_json::json;
use support::story;

use crate::fixtures::{config_maps, deployments, hello, services};

#[tokio::test]
async fn a_field_changed_by_someone_else_is_drift_and_names_them() {
    story("drift-field", hello(3), async |world| {
        world.applied().await;
        world
            .edit(
                "kubectl-edit",
                &deployments(),
                "hello",
                &json!({ "spec": { "replicas": 5 } }),
            )
            .await;

        insta::assert_snapshot!(world.shown().await, @"
          ~ Deployment/NAME/hello
              spec.replicas   5 → 3   (drift, changed by kubectl-edit)
          = 3 unchanged
        plan: 1 to update
        ");

        world.applied().await;
        let live = world.get(&deployments(), "hello").await.unwrap();
        assert_eq!(live["spec"]["replicas"], 3);
        assert!(world.plan().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_scaled_workload_is_drift_through_the_subresource() {
    story("drift-scale", hello(2), async |world| {
        world.applied().await;
        let scale = json!({ "spec": { "replicas": 4 } });
        world
            .edit("kubectl", &deployments(), "hello/scale", &scale)
            .await;

        let plan = world.plan().await;
        let step = plan
            .drifted()
            .next()
            .expect("the scaled workload has drifted");
        let Cause::Drift { by: Some(manager) } = &step.changes[0].cause else {
            panic!("{step:?}")
        };
        assert_eq!(
            (manager.name.as_str(), manager.subresource.as_str()),
            ("kubectl", "scale")
        );
        world.applied().await;
        assert_eq!(
            world.get(&deployments(), "hello").await.unwrap()["spec"]["replicas"],
            2
        );
    })
    .await;
}

#[tokio::test]
async fn a_field_removed_by_someone_else_is_drift() {
    story("drift-removed", hello(1), async |world| {
        world.applied().await;
        world
            .edit(
                "kubectl-patch",
                &config_maps(),
                "hello",
                &json!({ "data": { "index.html": null } }),
            )
            .await;

        let plan = world.plan().await;
        let step = plan
            .drifted()
            .next()
            .expect("the emptied ConfigMap has drifted");
        assert_eq!(
            step.changes[0].path.short().to_string(),
            "data[\"index.html\"]"
        );
        assert_eq!(step.changes[0].before, None);
        world.applied().await;
        assert_eq!(
            world.get(&config_maps(), "hello").await.unwrap()["data"]["index.html"],
            "hello"
        );
    })
    .await;
}

#[tokio::test]
async fn an_object_deleted_by_someone_else_is_drift_and_comes_back() {
    story("drift-deleted", hello(1), async |world| {
        world.applied().await;
        world.delete(&services(), "hello").await;

        let plan = world.plan().await;
        let step = plan
            .drifted()
            .next()
            .expect("the deleted Service has drifted");
        assert!(step.vanished && step.action == Action::Create, "{step:?}");
        world.applied().await;
        assert!(world.get(&services(), "hello").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn what_others_add_and_never_was_ours_is_left_alone() {
    story("drift-foreign", hello(1), async |world| {
        world.applied().await;
        let note = json!({ "metadata": { "annotations": { "someone.else/note": "mine" } } });
        world
            .edit("kubectl-annotate", &deployments(), "hello", &note)
            .await;

        assert!(world.plan().await.is_empty());
        world.applied().await;
        let live = world.get(&deployments(), "hello").await.unwrap();
        assert_eq!(live["metadata"]["annotations"]["someone.else/note"], "mine");
    })
    .await;
}
