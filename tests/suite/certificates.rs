//! Certificates are made once, renewed before they end, and remade where someone damaged them.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        admissionregistration::v1::MutatingWebhookConfiguration,
        apps::v1::Deployment,
        core::v1::{ConfigMap, Secret},
    },
    jiff::SignedDuration,
};
use provider::{
    Borrowed, GeneratedAuthority, GeneratedCertificate, Kind, Network, Plan, Ref, Scope, Validity,
    plan::{Action, Cause},
};
use serde_json::{Value, json};
use support::{World, story};

use crate::fixtures::server;

/// A program with a certificate, a webhook whose callers trust it, and a text of whom to trust.
fn secured(names: &'static [&'static str]) -> impl Fn(&mut Scope<'_>) + Send + Sync + 'static {
    secured_for(90, names)
}

/// The same with a certificate that lasts so many days.
fn secured_for(
    days: u32,
    names: &'static [&'static str],
) -> impl Fn(&mut Scope<'_>) + Send + Sync + 'static {
    move |stack| {
        stack.network(Network::Open);
        let authority = stack.add(GeneratedAuthority::new("authority").validity(Validity {
            valid_days: 1000,
            renewed_days_before: 300,
        }));
        let names = names.iter().map(|name| (*name).to_owned());
        let leaf = GeneratedCertificate::new("api-tls", &authority).validity(Validity {
            valid_days: days,
            renewed_days_before: 30,
        });
        let leaf = stack.add(leaf.names(names));
        let trust: ConfigMap = from(json!({ "metadata": { "name": "trust" } }));
        let trust = stack.add(trust);
        stack.borrow(&trust, "/data/ca.crt", Borrowed::text(&authority, "ca.crt"));

        let api = stack.add(server("api", "nginxinc/nginx-unprivileged:1.29.3", 1));
        let annotation = "/spec/template/metadata/annotations/otelier.dev~1certificate";
        stack.borrow(&api, annotation, Borrowed::fingerprint(&leaf, "tls.crt"));

        let hook = stack.add(webhook(stack.stack()));
        let bundle = "/webhooks/0/clientConfig/caBundle";
        stack.borrow(&hook, bundle, Borrowed::stored(&authority, "ca.crt"));
        let _: Ref<Deployment> = api;
    }
}

/// One that nothing calls: no object carries the label.
fn webhook(name: &str) -> MutatingWebhookConfiguration {
    from(json!({
        "metadata": { "name": name },
        "webhooks": [{
            "name": "inject.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "objectSelector": { "matchLabels": { "nobody": "has-this" } },
            "clientConfig": { "url": "https://127.0.0.1:9443/mutate" },
            "rules": [{
                "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
            }],
        }],
    }))
}

fn from<K: serde::de::DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

async fn data(world: &World, name: &str) -> BTreeMap<String, String> {
    let secret = world.get(&Kind::of::<Secret>(), name).await.unwrap();
    serde_json::from_value(secret["data"].clone()).unwrap()
}

/// The plan that would be made so many days from now.
async fn plan_in(world: &World, days: i64) -> Plan {
    let graph = world.graph().await;
    let mut observation = world.cluster.observe(&graph).await.unwrap();
    observation.now += SignedDuration::from_hours(24 * days);
    Plan::new(&graph, &observation)
}

async fn carried_out(world: &World, plan: &Plan) {
    let report = world.cluster.apply(plan, &support::limits(), &mut ()).await;
    assert!(report.succeeded(), "{report:#?}");
}

/// `~ Secret/api-tls: due …`: what a plan does, and the first cause of it.
fn told(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.action != Action::Keep);
    steps
        .map(|step| {
            let cause = step.changes.first().map(|change| change.cause.to_string());
            let cause = cause.unwrap_or_default();
            format!(
                "{} {}/{}: {cause}",
                step.action.symbol(),
                step.id.kind,
                step.id.name
            )
        })
        .collect()
}

#[tokio::test]
async fn a_certificate_is_made_once_and_what_needs_it_follows() {
    story("tls-once", secured(&["api.shop.svc"]), async |world| {
        let shown = world.shown().await;
        assert!(
            shown.contains(
                "make a certificate for api.shop.svc, 90 days, signed by Secret/NAME/authority"
            ),
            "{shown}"
        );
        assert!(
            shown.contains("/webhooks/0/clientConfig/caBundle   `ca.crt` of Secret/NAME/authority"),
            "{shown}"
        );
        world.applied().await;

        let (authority, leaf) = (
            data(&world, "authority").await,
            data(&world, "api-tls").await,
        );
        assert_eq!(leaf["ca.crt"], authority["ca.crt"]);
        assert!(!leaf.values().any(|value| *value == authority["tls.key"]));
        let trust = world.get(&Kind::of::<ConfigMap>(), "trust").await.unwrap();
        let trust = trust["data"]["ca.crt"].as_str().unwrap();
        assert!(trust.starts_with("-----BEGIN CERTIFICATE-----"), "{trust}");

        let again = world.plan().await;
        assert!(again.is_empty(), "{:?}", told(&again));
        let before = world.cluster.requests();
        world.applied().await;
        assert_eq!(world.cluster.requests().since(&before).writes(), 0);
        assert_eq!(data(&world, "api-tls").await, leaf);
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_is_due_is_shown_and_renewed_by_up() {
    story("tls-due", secured(&["api.shop.svc"]), async |world| {
        world.applied().await;
        let old = data(&world, "api-tls").await;
        assert!(plan_in(&world, 59).await.is_empty());

        let plan = plan_in(&world, 61).await;
        let shown = stacks::show(&plan);
        assert!(shown.contains(", renewed 30 days before"), "{shown}");
        assert!(
            !shown.contains("BEGIN") && !shown.contains(&old["tls.crt"]),
            "{shown}"
        );
        assert_eq!(plan.drifted().count(), 1, "{:?}", told(&plan));
        assert_eq!(plan.counts().update, 2, "{:?}", told(&plan));
        let api = plan
            .step(&world.id(&Kind::of::<Deployment>(), "api"))
            .unwrap();
        assert!(matches!(api.changes[0].cause, Cause::Follows { .. }));

        carried_out(&world, &plan).await;
        let new = data(&world, "api-tls").await;
        assert_ne!(new["tls.crt"], old["tls.crt"]);
        assert_ne!(new["tls.key"], old["tls.key"]);
        assert_eq!(new["ca.crt"], old["ca.crt"]);
        assert!(world.plan().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_authority_is_exchanged_while_both_are_trusted() {
    story(
        "tls-authority",
        secured_for(1000, &["api.shop.svc"]),
        async |world| {
            world.applied().await;
            let first = data(&world, "authority").await;
            let leaf = data(&world, "api-tls").await;

            let introduce = plan_in(&world, 701).await;
            carried_out(&world, &introduce).await;
            let both = data(&world, "authority").await;
            assert_eq!(both["tls.crt"], first["tls.crt"]);
            assert_ne!(both["ca.crt"], first["ca.crt"]);
            let follower = data(&world, "api-tls").await;
            assert_eq!(follower["ca.crt"], both["ca.crt"]);
            assert_eq!(
                follower["tls.crt"], leaf["tls.crt"],
                "the old one still signs"
            );
            assert!(
                plan_in(&world, 6).await.is_empty(),
                "{:?}",
                told(&plan_in(&world, 6).await)
            );

            let promote = plan_in(&world, 8).await;
            let told = told(&promote);
            assert!(
                told.iter()
                    .any(|line| line.contains("has been trusted since")),
                "{told:?}"
            );
            carried_out(&world, &promote).await;
            let second = data(&world, "authority").await;
            assert_eq!(second["tls.crt"], both["next.crt"]);
            assert!(!second.contains_key("next.key"));
            let follower = data(&world, "api-tls").await;
            assert_ne!(
                follower["tls.crt"], leaf["tls.crt"],
                "what the old one signed is made anew"
            );
            assert_eq!(follower["ca.crt"], second["ca.crt"]);
            assert!(world.plan().await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn a_new_name_is_a_change_of_the_definition_and_makes_another_certificate() {
    story("tls-names", secured(&["api.shop.svc"]), async |world| {
        world.applied().await;
        let old = data(&world, "api-tls").await;
        world
            .redefine(secured(&["api.shop.svc", "www.shop.example"]))
            .await;
        let shown = world.shown().await;
        assert!(
            shown.contains("api.shop.svc → \"api.shop.svc, www.shop.example\"")
                || shown.contains("api.shop.svc → api.shop.svc, www.shop.example"),
            "{shown}"
        );
        assert_eq!(world.plan().await.drifted().count(), 0);
        world.applied().await;
        assert_ne!(data(&world, "api-tls").await["tls.crt"], old["tls.crt"]);
        assert!(world.plan().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_damaged_secret_is_said_so_and_remade_by_up() {
    story("tls-damaged", secured(&["api.shop.svc"]), async |world| {
        world.applied().await;
        let secrets = Kind::of::<Secret>();
        let good = data(&world, "api-tls").await;
        let nonsense = json!({ "data": { "tls.crt": "bm9uc2Vuc2U=" } });
        world.edit("vandal", &secrets, "api-tls", &nonsense).await;
        let shown = world.shown().await;
        assert!(
            shown.contains("damaged: `tls.crt` is no certificate"),
            "{shown}"
        );
        assert_eq!(data(&world, "api-tls").await["tls.crt"], "bm9uc2Vuc2U=");
        world.applied().await;
        assert_ne!(data(&world, "api-tls").await["tls.crt"], good["tls.crt"]);
        assert!(world.plan().await.is_empty());

        // What is borrowed and written over is drift with a name.
        let bundle = json!({ "data": { "ca.crt": "trust me" } });
        world
            .edit("vandal", &Kind::of::<ConfigMap>(), "trust", &bundle)
            .await;
        let shown = world.shown().await;
        assert!(shown.contains("drift, changed by vandal"), "{shown}");
        world.applied().await;
        assert!(world.plan().await.is_empty());
    })
    .await;
}
