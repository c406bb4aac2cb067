//! What a plan says is what happens, and nothing happens twice.

use provider::{Report, Verdict, plan::Action, report::Outcome};
use serde_json::json;
use support::{limits, story};

use crate::fixtures::{config_maps, deployments, hello};

#[tokio::test]
async fn a_new_stack_is_created_whole_and_waited_for() {
    story("apply-new", hello(2), async |world| {
        let plan = world.plan().await;
        assert!(
            plan.steps.iter().all(|step| step.action == Action::Create),
            "{plan:#?}"
        );
        world.applied().await;
        let live = world.get(&deployments(), "hello").await.unwrap();
        assert_eq!(live["status"]["readyReplicas"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_second_up_writes_nothing() {
    story("apply-twice", hello(2), async |world| {
        world.applied().await;
        let version = |object: &serde_json::Value| object["metadata"]["resourceVersion"].clone();
        let before = world.get(&config_maps(), "hello").await.unwrap();
        let report = world.up().await;
        assert_eq!(report.verdict, Verdict::Unchanged, "{report:#?}");
        assert_eq!(
            version(&world.get(&config_maps(), "hello").await.unwrap()),
            version(&before)
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_changed_in_the_definition_is_written() {
    story("apply-change", hello(2), async |world| {
        world.applied().await;
        world.redefine(hello(3)).await;
        insta::assert_snapshot!(world.shown().await, @"
          ~ Deployment/NAME/hello
              spec.replicas   2 → 3
          = 3 unchanged
        plan: 1 to update
        ");
        let report = world.up().await;
        let written: Vec<_> = report
            .objects
            .iter()
            .filter(|(_, object)| object.written)
            .collect();
        assert_eq!(written.len(), 1, "{report:#?}");
        assert_eq!(written[0].1.outcome, Some(Outcome::Updated));
    })
    .await;
}

#[tokio::test]
async fn an_object_deleted_after_the_plan_is_not_created_again_unasked() {
    story("apply-deleted", hello(2), async |world| {
        world.applied().await;
        world.redefine(hello(3)).await;
        let plan = world.plan().await;
        world.delete(&deployments(), "hello").await;
        let report: Report = world.cluster.apply(&plan, &limits(), &mut ()).await;
        assert_eq!(report.verdict, Verdict::Stale, "{report:#?}");
        assert!(world.get(&deployments(), "hello").await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_status_write_between_plan_and_apply_does_not_stop_the_run() {
    story("apply-moved", hello(2), async |world| {
        world.applied().await;
        world.redefine(hello(3)).await;
        let plan = world.plan().await;
        let note = json!({ "metadata": { "annotations": { "someone.else/note": "moved" } } });
        world.edit("someone", &deployments(), "hello", &note).await;
        let report = world.cluster.apply(&plan, &limits(), &mut ()).await;
        assert!(report.succeeded(), "{report:#?}");
        let live = world.get(&deployments(), "hello").await.unwrap();
        assert_eq!(live["spec"]["replicas"], 3);
        assert_eq!(
            live["metadata"]["annotations"]["someone.else/note"],
            "moved"
        );
    })
    .await;
}

#[tokio::test]
async fn an_approved_change_that_became_another_is_stale() {
    story("apply-stale", hello(2), async |world| {
        world.applied().await;
        world.redefine(hello(3)).await;
        let plan = world.plan().await;
        world
            .edit(
                "kubectl-edit",
                &deployments(),
                "hello",
                &json!({ "spec": { "replicas": 7 } }),
            )
            .await;
        let report = world.cluster.apply(&plan, &limits(), &mut ()).await;
        assert_eq!(report.verdict, Verdict::Stale, "{report:#?}");
        assert_eq!(
            world.get(&deployments(), "hello").await.unwrap()["spec"]["replicas"],
            7
        );
    })
    .await;
}
