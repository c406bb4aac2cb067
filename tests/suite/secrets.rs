//! A generated password is planned as its recipe, made once, and never shown.

use k8s_openapi::api::core::v1::Secret;
use provider::{GeneratedSecret, Kind, Scope, Sensitive, plan::Action};
use serde_json::json;
use support::story;

use crate::fixtures::hello;

fn with_login(stack: &mut Scope<'_>) {
    hello(1)(stack);
    let hint = Sensitive::new("correct horse".to_owned());
    stack.add(
        GeneratedSecret::new("login")
            .plain("hint", hint)
            .generate("password", 32),
    );
}

#[tokio::test]
async fn a_generated_password_is_made_once_and_never_shown() {
    story("secret-once", with_login, async |world| {
        let secrets = Kind::of::<Secret>();
        let plan = world.plan().await;
        let shown = stacks::show(&plan);
        assert!(shown.contains("data.password   generate 32"), "{shown}");

        world.applied().await;
        let made = world.get(&secrets, "login").await.unwrap();
        let password = made["data"]["password"].as_str().unwrap().to_owned();
        assert_eq!(password.len(), 44, "the base64 of 32 characters");

        // Whoever changes it on purpose keeps the change: it was made once, and is theirs now.
        world
            .edit(
                "rotation",
                &secrets,
                "login",
                &json!({ "data": { "password": "cm90YXRlZA==" } }),
            )
            .await;
        assert_eq!(
            world
                .plan()
                .await
                .step(&world.id(&secrets, "login"))
                .unwrap()
                .action,
            Action::Keep
        );
        world.applied().await;
        assert_eq!(
            world.get(&secrets, "login").await.unwrap()["data"]["password"],
            "cm90YXRlZA=="
        );
    })
    .await;
}

#[tokio::test]
async fn no_secret_value_stands_in_a_plan_an_event_or_a_report() {
    let plain = |password: &'static str| {
        move |stack: &mut Scope<'_>| {
            hello(1)(stack);
            let secret: Secret = serde_json::from_value(json!({
                "metadata": { "name": "given" }, "stringData": { "token": password },
            }))
            .unwrap();
            stack.add(secret);
        }
    };
    story("secret-hidden", plain("first-s3cret"), async move |world| {
        world.applied().await;
        world.redefine(plain("second-s3cret")).await;
        let plan = world.plan().await;
        let mut events = Vec::new();
        let report = world
            .cluster
            .apply(&plan, &support::limits(), &mut events)
            .await;
        assert!(report.succeeded(), "{report:#?}");
        let everything = [
            format!("{plan:?}"),
            json!(plan).to_string(),
            stacks::show(&plan),
            format!("{events:?}"),
            json!(report).to_string(),
        ]
        .concat();
        assert!(everything.contains("given"));
        for secret in ["first-s3cret", "second-s3cret", "Zmlyc3Qtcz", "c2Vjb25kLX"] {
            assert!(!everything.contains(secret), "`{secret}` was shown");
        }
    })
    .await;
}
