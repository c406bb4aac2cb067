//! Is what was written what is read, however large it is, and whoever writes beside it?

use std::collections::BTreeMap;

use provider_core::{
    Kind, Lifecycle, ResourceId,
    k8s_openapi::api::core::v1::{ConfigMap, Namespace},
    plan::{Digest, Memory, Remembered},
};
use sandbox::{Controllers, Sandbox};
use serde_json::json;

use super::{Inventory, Place};
use crate::{
    apply::random_bytes,
    cluster::{Cluster, ClusterOptions, Patience},
    error::InventoryError,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

async fn cluster() -> (Cluster, Place) {
    let sandbox = Sandbox::new().controllers(Controllers::Off);
    let cluster = Cluster::new(sandbox.client(), ClusterOptions::default());
    let kind = Kind::of::<Namespace>();
    let id = ResourceId::new(&kind, "", "shop");
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    cluster
        .create(&kind, &id, "test", &body, Patience::NONE)
        .await
        .unwrap();
    (
        cluster,
        Place {
            stack: "shop".into(),
            namespace: "shop".into(),
        },
    )
}

/// Digests do not compress, so that many fields make a large inventory.
fn memory(leaves: usize) -> Memory {
    let kind = Kind::of::<ConfigMap>();
    let noise = random_bytes(leaves * 24);
    let leaves = noise.chunks(24).enumerate().map(|(index, bytes)| {
        let path = format!("data.key-{index}").parse().unwrap();
        (path, Digest(STANDARD.encode(bytes)))
    });
    let remembered = Remembered {
        kind: kind.clone(),
        uid: None,
        lifecycle: Lifecycle::Managed,
        leaves: leaves.collect(),
        pending: BTreeMap::new(),
        adopted: false,
    };
    Memory {
        objects: BTreeMap::from([(ResourceId::new(&kind, "shop", "settings"), remembered)]),
        volumes: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_large_inventory_is_written_in_parts_and_no_part_is_left_behind() {
    let (cluster, place) = cluster().await;
    let mut inventory = Inventory::new(b"key".to_vec());
    for (leaves, parts) in [(80_000, 3), (50_000, 2), (10, 0)] {
        inventory.memory = memory(leaves);
        cluster
            .write_inventory(&place, &mut inventory, Patience::NONE)
            .await
            .unwrap();
        assert_eq!(inventory.parts, parts, "{leaves} leaves");
        let read = cluster
            .read_inventory(&place, Patience::NONE)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read.memory, inventory.memory);
        let secrets = cluster
            .list(&Place::secrets(), Some("shop"), None, Patience::NONE)
            .await
            .unwrap();
        assert_eq!(secrets.items.len(), parts + 1);
    }
}

#[tokio::test]
async fn of_two_writers_one_loses() {
    let (cluster, place) = cluster().await;
    let mut one = Inventory::new(b"key".to_vec());
    cluster
        .write_inventory(&place, &mut one, Patience::NONE)
        .await
        .unwrap();
    let mut two = one.clone();
    one.memory = memory(1);
    cluster
        .write_inventory(&place, &mut one, Patience::NONE)
        .await
        .unwrap();
    two.memory = memory(2);
    let lost = cluster
        .write_inventory(&place, &mut two, Patience::NONE)
        .await;
    assert!(
        matches!(lost, Err(InventoryError::Raced { .. })),
        "{lost:?}"
    );
    assert_eq!(
        cluster
            .read_inventory(&place, Patience::NONE)
            .await
            .unwrap()
            .unwrap()
            .memory,
        one.memory
    );
}
