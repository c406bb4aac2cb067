//! Is an injector put into a cluster as a whole, with a webhook that knows whom to trust?

use base64::{Engine as _, engine::general_purpose::STANDARD};
use injector::Config;
use k8s_openapi::api::{
    admissionregistration::v1::MutatingWebhookConfiguration,
    core::v1::{ConfigMap, Namespace, Secret},
};
use kube::Api;
use modules::{Elsewhere, Injector, Placement, Sidecar, WhenDown, protocol::Otlp};
use provider::{Endpoint, Kind, Scope, Stack};
use serde_json::{Value, json};
use support::{World, story};

const IMAGE: &str = "registry.invalid/injector:1";

fn sidecar() -> Sidecar {
    let gateway: Endpoint<Otlp> = Endpoint::outside("gateway.example", 4317);
    Sidecar::new("otel").forward(&gateway)
}

/// The application's namespace, which is there before the stack and after it.
fn shop(stack: &str) -> String {
    format!("{stack}-shop")
}

fn injector(stack: &mut Scope<'_>) {
    let shop = shop(stack.stack());
    let injector = Injector::new("injector", IMAGE, sidecar()).namespaces([shop]);
    // Nobody answers behind it: other stories' Pods must not wait for it.
    stack.add(injector.elsewhere(Elsewhere::Ignore));
}

async fn webhook(world: &World) -> MutatingWebhookConfiguration {
    let all: Api<MutatingWebhookConfiguration> = Api::all(world.client.clone());
    all.get(&format!("{}-injector", world.name)).await.unwrap()
}

#[tokio::test]
async fn an_injector_is_applied_as_a_whole_and_keeps_its_file_in_the_namespaces_of_others() {
    story("injector", injector, async |world| {
        let namespaces: Api<Namespace> = Api::all(world.client.clone());
        let shop = shop(&world.name);
        let namespace = json!({ "metadata": { "name": shop } });
        let namespace = serde_json::from_value(namespace).unwrap();
        namespaces
            .create(&kube::api::PostParams::default(), &namespace)
            .await
            .unwrap();

        world.applied().await;
        let hook = webhook(&world).await.webhooks.unwrap().remove(0);
        let authority = world
            .get(&Kind::of::<Secret>(), "injector-authority")
            .await
            .unwrap();
        let trusted = STANDARD
            .decode(authority["data"]["ca.crt"].as_str().unwrap())
            .unwrap();
        assert!(trusted.starts_with(b"-----BEGIN CERTIFICATE-----"));
        assert_eq!(hook.client_config.ca_bundle.unwrap().0, trusted);
        assert_eq!(hook.failure_policy.as_deref(), Some("Fail"));

        let maps: Api<ConfigMap> = Api::namespaced(world.client.clone(), &shop);
        let names = async || -> Vec<String> {
            let maps = maps.list(&kube::api::ListParams::default()).await.unwrap();
            let names = maps.items.into_iter().filter_map(|map| map.metadata.name);
            names.filter(|name| name != "kube-root-ca.crt").collect()
        };
        let kept = names().await;
        assert!(
            kept.len() == 1 && kept[0].starts_with(&format!("{}-otel-", world.name)),
            "{kept:?}"
        );
        assert!(world.plan().await.is_empty(), "{}", world.shown().await);

        world.down(provider::plan::Volumes::Delete).await;
        assert_eq!(names().await, [] as [&str; 0]);
        assert!(
            namespaces.get_opt(&shop).await.unwrap().is_some(),
            "it is not the stack's"
        );
        namespaces
            .delete(&shop, &kube::api::DeleteParams::default())
            .await
            .unwrap();
    })
    .await;
}

#[test]
fn the_program_reads_what_the_module_writes() {
    for placement in [Placement::Native, Placement::Plain] {
        let define = move |stack: &mut Scope<'_>| {
            let injector = Injector::new("injector", IMAGE, sidecar()).namespaces(["shop"]);
            let injector = injector.everyone_in(["bank"]).when_down(WhenDown::Admit);
            stack.add(injector.placement(placement));
        };
        let graph = Stack::new("prod", define).graph().unwrap();
        let is_its = |object: &&Value| {
            object["data"]["config.yaml"]
                .as_str()
                .is_some_and(|text| text.contains("sidecar:"))
        };
        let objects: Vec<Value> = graph
            .resources()
            .map(|resource| resource.object.clone())
            .collect();
        let text = objects.iter().find(is_its).unwrap()["data"]["config.yaml"].clone();
        let config = Config::read(text.as_str().unwrap()).unwrap();
        assert_eq!(
            (config.name.as_str(), config.namespace.as_str()),
            ("otel", "prod")
        );
        assert_eq!(
            config.namespaces.keys().collect::<Vec<_>>(),
            ["bank", "shop"]
        );
    }
}
