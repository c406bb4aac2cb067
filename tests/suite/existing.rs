//! What a definition takes to be in the cluster is looked for before anything is written.

use k8s_openapi::api::{core::v1::Secret, scheduling::v1::PriorityClass};
use provider::{
    Kind, Scope,
    plan::{Choices, Selection},
};
use serde_json::json;
use support::{World, limits, story};

use crate::fixtures::{config_maps, page, server};

fn secrets() -> Kind {
    Kind::of::<Secret>()
}

/// A server that mounts a Secret and two ConfigMaps of somebody else, one of which it can do without.
fn borrowing(stack: &mut Scope<'_>) {
    stack.network(provider::Network::Open);
    let login = stack.existing::<Secret>("login");
    let settings = stack.existing::<k8s_openapi::api::core::v1::ConfigMap>("settings");
    let spare = stack.existing::<k8s_openapi::api::core::v1::ConfigMap>("spare");
    let extra = stack.existing::<k8s_openapi::api::core::v1::ConfigMap>("extra");
    let mut server = server("shop", "nginxinc/nginx-unprivileged:1.29.3", 1);
    let pod = server.spec.template.spec.get_or_insert_default();
    let mut optional = spare.volume("spare");
    optional.config_map.get_or_insert_default().optional = Some(true);
    pod.volumes = Some(vec![
        login.volume("login"),
        settings.volume("settings"),
        extra.volume("extra"),
        optional,
    ]);
    stack.add(server);
}

async fn make(world: &World, kind: &Kind, name: &str) {
    let object = json!({ "apiVersion": "v1", "kind": kind.kind, "metadata": { "name": name } });
    world.applies("somebody", kind, name, &object).await;
}

fn missing(plan: &provider::Plan) -> Vec<String> {
    let subjects = plan
        .missing
        .iter()
        .filter_map(|missing| missing.subject.as_ref());
    subjects
        .map(|id| format!("{} {}", id.kind, id.name))
        .collect()
}

#[tokio::test]
async fn what_is_missing_is_said_at_once_with_who_needs_it_and_nothing_is_written() {
    story("lacking", borrowing, async |world| {
        let plan = world.plan().await;
        assert_eq!(
            missing(&plan),
            ["ConfigMap extra", "ConfigMap settings", "Secret login"]
        );
        let shown = stacks::show(&plan).replace(&world.name, "NAME");
        for words in [
            "error: Secret/NAME/login is not in the cluster; needed by: Deployment/NAME/shop (spec.template.spec.volumes[login].secret.secretName) [missing-object]",
            "tests/suite/existing.rs:",
            "hint: make its namespace with `--only Namespace/NAME`",
            "3 missing",
        ] {
            assert!(shown.contains(words), "`{words}` is not in\n{shown}");
        }

        let before = world.cluster.requests();
        let report = world.cluster.apply(&plan, &limits(), &mut ()).await;
        assert!(!report.succeeded());
        let stopped = report.stopped.unwrap();
        assert_eq!(stopped.evidence.len(), 3, "{stopped:?}");
        assert_eq!(world.cluster.requests().since(&before).total(), 0);
    })
    .await;
}

#[tokio::test]
async fn once_it_is_there_the_stack_comes_up_and_looking_costs_a_request_for_each_kind() {
    story("found", borrowing, async |world| {
        let namespace = format!("Namespace/{}", world.name);
        let choices = Choices {
            only: Selection::of([namespace]),
            ..Choices::default()
        };
        let report = world.up_with(&choices, &limits()).await;
        assert!(report.succeeded(), "{report:#?}");
        make(&world, &secrets(), "login").await;
        make(&world, &config_maps(), "settings").await;
        assert_eq!(missing(&world.plan().await), ["ConfigMap extra"]);
        make(&world, &config_maps(), "extra").await;
        world.applied().await;

        let before = world.cluster.requests();
        assert!(world.plan().await.is_empty());
        let with = world.cluster.requests().since(&before);
        world
            .redefine(|stack| {
                stack.network(provider::Network::Open);
                stack.add(page("hello"));
            })
            .await;
        world.delete(&secrets(), "login").await;
        let plan = world.plan().await;
        assert!(plan.missing.is_empty(), "nobody needs it any more");
        let sought = with.of(provider::cluster::Verb::Get) + with.of(provider::cluster::Verb::List);
        // The inventory; the Namespace and the Deployment; the Secret, and the ConfigMaps.
        assert_eq!(sought, 1 + 2 + 2, "{with:?}");
    })
    .await;
}

#[tokio::test]
async fn what_the_whole_cluster_should_have_is_looked_for_too() {
    let define = |stack: &mut Scope<'_>| {
        stack.network(provider::Network::Open);
        let urgent = stack.existing::<PriorityClass>("otelier-no-such-class");
        let mut server = server("shop", "nginxinc/nginx-unprivileged:1.29.3", 1);
        let pod = server.spec.template.spec.get_or_insert_default();
        pod.priority_class_name = Some(urgent.name().to_owned());
        stack.add(server);
    };
    story("class", define, async |world| {
        let plan = world.plan().await;
        assert_eq!(missing(&plan), ["PriorityClass otelier-no-such-class"]);
        let json = serde_json::json!(plan);
        assert_eq!(json["missing"][0]["rule"], "missing-object");
        assert_eq!(json["missing"][0]["subject"]["kind"], "PriorityClass");
    })
    .await;
}
