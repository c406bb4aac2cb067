//! A field that never was ours is taken only when asked to by name.

use provider::plan::Choices;
use serde_json::json;
use support::{limits, story};

use crate::fixtures::{config_maps, hello, page};

#[tokio::test]
async fn a_field_that_never_was_ours_is_a_conflict_until_it_is_taken_by_name() {
    story("conflict-take", hello(1), async |world| {
        world.applied().await;
        world
            .edit(
                "helm",
                &config_maps(),
                "hello",
                &json!({ "data": { "extra": "helm's" } }),
            )
            .await;
        world
            .redefine(|stack| {
                hello(1)(stack);
                let mut wanted = page("other");
                wanted
                    .data
                    .get_or_insert_default()
                    .insert("extra".into(), "ours".into());
                stack.add(wanted);
            })
            .await;
        world.applied().await;
        world
            .edit(
                "helm",
                &config_maps(),
                "other",
                &json!({ "data": { "more": "helm's" } }),
            )
            .await;
        world
            .redefine(|stack| {
                hello(1)(stack);
                let mut wanted = page("other");
                wanted
                    .data
                    .get_or_insert_default()
                    .insert("more".into(), "ours".into());
                stack.add(wanted);
            })
            .await;

        let plan = world.plan().await;
        let (_, conflicts) = plan
            .conflicts()
            .into_iter()
            .next()
            .expect("helm owns data.more");
        assert_eq!(conflicts[0].manager.name, "helm");
        assert_eq!(conflicts[0].path.short().to_string(), "data.more");

        let choices = Choices {
            take: ["helm:data.more".parse().unwrap()].into(),
            ..Choices::default()
        };
        let report = world.up_with(&choices, &limits()).await;
        assert!(report.succeeded(), "{report:#?}");
        let live = world.get(&config_maps(), "other").await.unwrap();
        assert_eq!(live["data"]["more"], "ours");
        assert_eq!(
            live["data"].get("extra"),
            None,
            "what left the definition is removed"
        );
    })
    .await;
}

#[tokio::test]
async fn a_conflict_stops_the_run_before_anything_is_touched() {
    story("conflict-stop", hello(1), async |world| {
        world.applied().await;
        let theirs = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "theirs" }, "data": { "key": "theirs" },
        });
        world.applies("helm", &config_maps(), "theirs", &theirs).await;
        world
            .redefine(|stack| {
                hello(2)(stack);
                let mut wanted = page("theirs");
                wanted.data = Some([("key".to_owned(), "ours".to_owned())].into());
                stack.add(wanted);
            })
            .await;
        let plan = world.plan().await;
        assert_eq!(plan.conflicts().len(), 1, "{plan:#?}");
        let report = world.cluster.apply(&plan, &limits(), &mut ()).await;
        assert_eq!(report.verdict, provider::Verdict::Conflict, "{report:#?}");
        assert_eq!(world.get(&config_maps(), "theirs").await.unwrap()["data"]["key"], "theirs");
        world.delete(&config_maps(), "theirs").await;
    })
    .await;
}
