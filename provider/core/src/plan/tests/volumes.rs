//! What becomes of volumes whose StatefulSet went?

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    removal::{actions, namespace},
    world::*,
};
use crate::plan::{Observation, Observed, Plan, Volumes};

/// A StatefulSet, and the claim that it made.
fn set_and_claim(namespace: &str) -> (Value, Value) {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": namespace}, "spec": {}});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-db-0", "namespace": namespace, "uid": "c"}, "spec": {}});
    (set, claim)
}

/// What the engine sees when a stack is taken down: the claims of what is there, and those that were left behind.
fn seen(world: &World, set: &Value, claim: &Value) -> Observation {
    let mut observation = world.observe(&graph(&[]));
    if world.objects.contains_key(&id_of(set)) {
        observation
            .volumes
            .insert(id_of(set), BTreeSet::from([id_of(claim)]));
    }
    let observed = Observed {
        live: world.objects.get(&id_of(claim)).cloned(),
        ..Observed::default()
    };
    observation.objects.insert(id_of(claim), observed);
    observation
}

#[test]
fn volumes_that_were_left_behind_are_remembered_until_they_go() {
    let (set, claim) = set_and_claim("shop");
    let mut world = World::applied(&graph(&[namespace(), set.clone()]));
    world.objects.insert(id_of(&claim), claim.clone());
    let teardown = |world: &World, volumes| {
        Plan::teardown("prod", "shop", &seen(world, &set, &claim), volumes)
    };
    world.act(&teardown(&world, Volumes::Keep));
    let again = teardown(&world, Volumes::Keep);
    let listed = ["= PersistentVolumeClaim/shop/data-db-0", "= Namespace/shop"];
    assert_eq!(actions(&again), listed);
    assert!(again.is_empty());
    world.act(&again);
    world.act(&teardown(&world, Volumes::Delete));
    assert!(world.objects.is_empty(), "{:?}", world.objects);
    assert!(world.memory.unwrap().is_empty());
}

#[test]
fn a_pruned_set_leaves_its_volumes_to_a_later_down() {
    let (set, claim) = set_and_claim("shop");
    let mut world = World::applied(&graph(&[namespace(), set.clone()]));
    world.objects.insert(id_of(&claim), claim.clone());
    let rest = graph(&[namespace()]);
    let mut observation = seen(&world, &set, &claim);
    observation.objects.extend(world.observe(&rest).objects);
    let pruned = Plan::new(&rest, &observation);
    assert_eq!(
        actions(&pruned),
        ["= Namespace/shop", "- StatefulSet/shop/db"]
    );
    world.act(&pruned);
    let plan = Plan::teardown("prod", "shop", &seen(&world, &set, &claim), Volumes::Delete);
    assert!(actions(&plan).contains(&"- PersistentVolumeClaim/shop/data-db-0".to_owned()));
}

#[test]
fn another_volume_of_that_name_is_not_the_one_that_was_left_behind() {
    let (set, claim) = set_and_claim("shop");
    for (uid, left) in [(None, 0), (Some("another"), 1)] {
        let mut world = World::applied(&graph(&[namespace(), set.clone()]));
        world.objects.insert(id_of(&claim), claim.clone());
        let kept = Plan::teardown("prod", "shop", &seen(&world, &set, &claim), Volumes::Keep);
        world.act(&kept);
        world.objects.remove(&id_of(&claim));
        if let Some(uid) = uid {
            let mut other = claim.clone();
            other["metadata"]["uid"] = json!(uid);
            world.objects.insert(id_of(&claim), other);
        }
        let plan = Plan::teardown("prod", "shop", &seen(&world, &set, &claim), Volumes::Delete);
        assert_eq!(plan.forgotten[0].id, id_of(&claim));
        world.act(&plan);
        assert_eq!(world.objects.len(), left);
        assert!(world.memory.unwrap().volumes.is_empty());
    }
}

#[test]
fn the_stacks_own_namespace_stays_while_its_inventory_remembers_something() {
    let (set, claim) = set_and_claim("data");
    let data = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}});
    let mut world = World::applied(&graph(&[namespace(), data, set.clone()]));
    world.objects.insert(id_of(&claim), claim.clone());
    let plan = Plan::teardown("prod", "shop", &seen(&world, &set, &claim), Volumes::Keep);
    assert_eq!(
        actions(&plan),
        [
            "- StatefulSet/data/db",
            "= PersistentVolumeClaim/data/data-db-0",
            "= Namespace/data",
            "= Namespace/shop",
        ]
    );
}
