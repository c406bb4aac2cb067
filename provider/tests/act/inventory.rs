//! What a stack owns, kept beside it.

use provider::{InventoryError, ObserveError};
use serde_json::{Value, json};

use crate::world::{World, config, stack};

const INVENTORY: &str = "/api/v1/namespaces/shop/secrets/stacks-shop";

fn shop() -> provider::Stack {
    stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    })
}

async fn refused(world: &World) -> InventoryError {
    match world.cluster.observe(&shop().graph().unwrap()).await {
        Err(ObserveError::Inventory(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn spoil(world: &World, patch: Value) {
    world.edit(INVENTORY, patch).await;
}

#[tokio::test]
async fn an_inventory_is_the_parent_of_an_apply_set_and_its_members_say_so() {
    let world = World::new();
    world.up(&shop()).await;
    let parent = world.get(INVENTORY).await;
    let id = provider::applyset::id("shop", "shop");
    assert_eq!(
        parent["metadata"]["labels"]["applyset.kubernetes.io/id"],
        id.as_str()
    );
    let annotations = &parent["metadata"]["annotations"];
    assert_eq!(
        annotations["applyset.kubernetes.io/contains-group-kinds"],
        "ConfigMap,Namespace"
    );
    let member = world
        .get("/api/v1/namespaces/shop/configmaps/settings")
        .await;
    assert_eq!(
        member["metadata"]["labels"]["applyset.kubernetes.io/part-of"],
        id.as_str()
    );
    let inventory = world
        .cluster
        .inventory("shop", "shop")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(inventory.memory.objects.len(), 2);
    assert!(
        inventory
            .memory
            .objects
            .values()
            .all(|object| object.uid.is_some() && object.pending.is_empty())
    );
}

#[tokio::test]
async fn a_damaged_or_newer_inventory_is_an_error_that_says_what_to_do() {
    let world = World::new();
    world.up(&shop()).await;
    spoil(&world, json!({"data": {"memory": "AAAA"}})).await;
    let error = refused(&world).await;
    assert!(
        error.to_string().starts_with(
            "the inventory `shop/stacks-shop` is damaged (its content is not what was written)"
        ),
        "{error}"
    );
    spoil(&world, json!({"data": {"format": "OTk="}})).await;
    let error = refused(&world).await;
    assert!(
        matches!(error, InventoryError::Newer { found: 99, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_secret_of_that_name_that_is_something_else_is_not_touched() {
    let world = World::new();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    world
        .send("POST", "/api/v1/namespaces", "application/json", &namespace)
        .await;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stacks-shop"}, "data": {"a": "AAAA"}});
    world
        .send(
            "POST",
            "/api/v1/namespaces/shop/secrets",
            "application/json",
            &secret,
        )
        .await;
    assert!(matches!(
        refused(&world).await,
        InventoryError::NotOurs { .. }
    ));
}
