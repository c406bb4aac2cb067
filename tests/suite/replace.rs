//! What cannot change in place is replaced, where that is allowed.

use k8s_openapi::api::core::v1::ConfigMap;
use provider::{
    Outcome, Scope,
    plan::{Action, Blocker, Choices},
};
use serde_json::json;
use support::{limits, story};

use crate::fixtures::{config_maps, deployments, hello, server};

fn frozen(value: &'static str) -> impl Fn(&mut Scope<'_>) + Send + Sync + 'static {
    move |stack| {
        hello(1)(stack);
        let object = json!({ "metadata": { "name": "frozen" }, "data": { "key": value }, "immutable": true });
        stack.add(serde_json::from_value::<ConfigMap>(object).unwrap());
    }
}

#[tokio::test]
async fn an_immutable_config_map_is_replaced() {
    story("replace-frozen", frozen("one"), async |world| {
        world.applied().await;
        let before = world.get(&config_maps(), "frozen").await.unwrap();
        world.redefine(frozen("two")).await;
        let plan = world.plan().await;
        let step = plan.step(&world.id(&config_maps(), "frozen")).unwrap();
        assert_eq!(step.action, Action::Replace, "{step:?}");

        let choices = Choices {
            replace: ["ConfigMap/frozen"].into_iter().collect(),
            ..Choices::default()
        };
        let report = world.up_with(&choices, &limits()).await;
        assert_eq!(
            report.objects[&world.id(&config_maps(), "frozen")].outcome,
            Some(Outcome::Replaced)
        );
        let after = world.get(&config_maps(), "frozen").await.unwrap();
        assert_eq!(after["data"]["key"], "two");
        assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
    })
    .await;
}

#[tokio::test]
async fn a_moved_selector_names_the_field_that_cannot_change() {
    let labelled = |label: &'static str| {
        move |stack: &mut Scope<'_>| {
            stack.network(provider::Network::Open);
            let mut server = server("moved", "nginxinc/nginx-unprivileged:1.29.3", 1);
            let labels = [("tier".to_owned(), label.to_owned())];
            server.spec.selector.match_labels = Some(labels.clone().into());
            server.spec.template.metadata.get_or_insert_default().labels = Some(labels.into());
            stack.add(server);
        }
    };
    story("replace-selector", labelled("one"), async move |world| {
        world.applied().await;
        world.redefine(labelled("two")).await;
        let plan = world.plan().await;
        let step = plan.step(&world.id(&deployments(), "moved")).unwrap();
        assert_eq!(step.action, Action::Replace, "{step:?}");
        assert!(
            step.changes.iter().any(|change| change.immutable),
            "{step:?}"
        );
        assert_ne!(step.blocker, Some(Blocker::Protected));
    })
    .await;
}
