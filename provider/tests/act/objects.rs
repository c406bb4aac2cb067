//! Secrets that nobody chose, objects that must be replaced, kinds that only exist once the run has made them.

use provider::{
    GeneratedSecret, Outcome, Verdict,
    k8s_openapi::api::core::v1::Secret,
    kube_core::{ApiResource, DynamicObject, GroupVersionKind},
    plan::{Choices, Selection},
};
use serde_json::{Value, json};

use crate::world::{World, config, limits, meta, stack};

#[tokio::test]
async fn a_generated_value_is_made_once_and_never_told() {
    let world = World::new();
    let shop = stack(|scope| {
        scope.add(
            GeneratedSecret::new("login")
                .plain("username", "admin")
                .generate("password", 32),
        );
    });
    let plan = world.plan(&shop).await;
    let (report, events) = world.apply_within(&plan, &limits()).await;
    assert!(report.succeeded(), "{report:#?}");
    let path = "/api/v1/namespaces/shop/secrets/login";
    let made = world.get(path).await["data"]["password"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(made.len(), 44, "32 letters in base64");
    let told = format!(
        "{} {} {report:?}",
        serde_json::to_string(&events).unwrap(),
        serde_json::to_string(&plan).unwrap()
    );
    assert!(!told.contains(&made));
    assert!(world.plan(&shop).await.is_empty());
    world.up(&shop).await;
    assert_eq!(world.get(path).await["data"]["password"], made.as_str());
}

#[tokio::test]
async fn a_namespaces_objects_and_custom_resources_wait_for_what_serves_them() {
    let world = World::new();
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("shop.example.com", "v1", "Order"),
        "orders",
    );
    let definition: Value = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "orders.shop.example.com"},
        "spec": {
            "group": "shop.example.com", "scope": "Namespaced", "names": {"plural": "orders", "kind": "Order"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {"cups": {"type": "integer"}}}},
            }}}],
        },
    });
    let shop = stack(move |scope| {
        let definition: provider::k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition =
            serde_json::from_value(definition.clone()).unwrap();
        scope.add(definition);
        scope.add(provider::Untyped(
            DynamicObject::new("first", &kind).data(json!({"spec": {"cups": 2}})),
        ));
    });
    let plan = world.plan(&shop).await;
    let report = world.apply(&plan).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.plan(&shop).await.is_empty());
}

fn secret(type_: &str) -> Secret {
    Secret {
        metadata: meta("web"),
        type_: Some(type_.into()),
        ..Secret::default()
    }
}

#[tokio::test]
async fn what_cannot_change_in_place_is_replaced_when_allowed() {
    let world = World::new();
    let old = stack(|scope| {
        scope.add(secret("example.com/old"));
    });
    world.up(&old).await;
    let path = "/api/v1/namespaces/shop/secrets/web";
    let before = world.get(path).await["metadata"]["uid"].clone();
    let new = stack(|scope| {
        scope.add(secret("example.com/new"));
    });
    let choices = Choices {
        replace: Selection::of(["Secret/web"]),
        ..Choices::default()
    };
    let plan = world.plan_with(&new, &choices).await;
    assert_eq!(plan.counts().replace, 1, "{:#?}", plan.steps);
    let report = world.apply(&plan).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(
        report
            .objects
            .values()
            .any(|object| object.outcome == Some(Outcome::Replaced))
    );
    assert_ne!(world.get(path).await["metadata"]["uid"], before);
    assert!(world.plan(&new).await.is_empty());
}

#[tokio::test]
async fn a_field_of_another_manager_stops_the_run_until_it_is_taken_by_name() {
    let world = World::new();
    let old = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    });
    world.up(&old).await;
    let path = "/api/v1/namespaces/shop/configmaps/settings";
    world.edit(path, json!({"data": {"theirs": "1"}})).await;
    let new = stack(|scope| {
        scope.add(config("settings", &[("mode", "fast"), ("theirs", "2")]));
    });
    let report = world.apply(&world.plan(&new).await).await;
    assert_eq!(report.verdict, Verdict::Conflict, "{report:#?}");
    assert_eq!(report.requests.writes(), 0);
    let (_, failed) = report.failures().next().unwrap();
    assert_eq!(failed.message, "others own: data.theirs (kubectl-edit)");

    let take = Choices {
        take: ["kubectl-edit:data.theirs".parse().unwrap()].into(),
        ..Choices::default()
    };
    let report = world.apply(&world.plan_with(&new, &take).await).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.get(path).await["data"]["theirs"], "2");
}
