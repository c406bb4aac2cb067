//! Volumes hold data: they stay, are remembered, and go when somebody asks for it.

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::PersistentVolumeClaim};
use provider::{Kind, Network, Scope, plan::Volumes};
use serde_json::json;
use support::{World, story};

use crate::fixtures::server;

fn claims() -> Kind {
    Kind::of::<PersistentVolumeClaim>()
}

/// A database of two.
fn database(stack: &mut Scope<'_>) {
    stack.network(Network::Open);
    let server = json!(server("db", "nginxinc/nginx-unprivileged:1.29.3", 2));
    let mut set = json!({ "metadata": server["metadata"], "spec": server["spec"] });
    set["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": { "name": "data" },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": "1Mi" } },
        },
    }]);
    let set: StatefulSet = serde_json::from_value(set).unwrap();
    stack.add(set);
}

/// How many of the database's volumes there are.
async fn volumes(world: &World) -> usize {
    let mut count = 0;
    for name in ["data-db-0", "data-db-1"] {
        count += usize::from(world.get(&claims(), name).await.is_some());
    }
    count
}

#[tokio::test]
async fn a_later_down_lists_the_volumes_that_stayed_and_deletes_them_when_asked() {
    story("volumes-later", database, async |world| {
        world.applied().await;
        let report = world.down(Volumes::Keep).await;
        assert!(report.succeeded(), "{report:#?}");
        assert_eq!(volumes(&world).await, 2);

        let owned = world.cluster.observe_owned(&world.name, &world.name).await;
        let plan =
            provider::Plan::teardown(&world.name, &world.name, &owned.unwrap(), Volumes::Keep);
        let shown = stacks::show(&plan);
        for name in ["data-db-0", "data-db-1"] {
            let line = format!("{name}   (stays with its data; --delete-volumes deletes it)");
            assert!(shown.contains(&line), "{shown}");
        }

        let report = world.down(Volumes::Delete).await;
        assert!(report.succeeded(), "{report:#?}");
        assert_eq!(volumes(&world).await, 0);
        let left = world.cluster.inventory(&world.name, &world.name).await;
        assert!(left.unwrap().is_none(), "nothing is left to remember");
    })
    .await;
}

#[tokio::test]
async fn volumes_that_stayed_are_taken_into_use_again_and_are_never_pruned() {
    story("volumes-again", database, async |world| {
        world.applied().await;
        let data = world.get(&claims(), "data-db-0").await.unwrap();
        let _ = world.down(Volumes::Keep).await;
        world.applied().await;
        world.redefine(|stack| stack.network(Network::Open)).await;
        world.applied().await;
        let same = world.get(&claims(), "data-db-0").await.unwrap();
        assert_eq!(data["metadata"]["uid"], same["metadata"]["uid"]);
        assert!(world.plan().await.is_empty());

        let report = world.down(Volumes::Delete).await;
        assert!(report.succeeded(), "{report:#?}");
        assert_eq!(
            volumes(&world).await,
            0,
            "a pruned set's volumes are known too"
        );
    })
    .await;
}
