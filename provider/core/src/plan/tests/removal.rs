//! What goes, what stays, and in which order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::*;
use crate::{
    graph::Until,
    id::ResourceId,
    lifecycle::Lifecycle,
    plan::{Choices, Observed, Plan, Selection, Volumes, Why},
};

fn named(name: &str) -> Value {
    let mut object = config(&json!({"a": "1"}));
    object["metadata"]["name"] = json!(name);
    object
}

pub(super) fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
}

pub(super) fn actions(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| format!("{} {}", step.action.symbol(), step.id))
        .collect()
}

#[test]
fn what_left_the_graph_is_deleted_and_nothing_else() {
    let mut world = World::applied(&graph(&[named("a"), named("b")]));
    let stranger = named("stranger");
    world.objects.insert(id_of(&stranger), stranger);
    let plan = world.plan(&graph(&[named("a")]));
    assert_eq!(actions(&plan), ["= ConfigMap/shop/a", "- ConfigMap/shop/b"]);
    assert_eq!(plan.steps[1].uid.as_deref(), Some("uid-2"));
    world.act(&plan);
    assert_eq!(world.memory.as_ref().unwrap().objects.len(), 1);
    assert_eq!(world.objects.len(), 2);
}

#[test]
fn what_is_no_longer_ours_is_struck_off_and_left_alone() {
    let both = graph(&[named("a"), named("b")]);
    let one = graph(&[named("a")]);
    let b = id_of(&named("b"));
    let mark = "applyset.kubernetes.io/part-of";
    let case = |change: &dyn Fn(&mut World)| {
        let mut world = World::applied(&both);
        change(&mut world);
        let plan = world.plan(&one);
        assert_eq!(actions(&plan), ["= ConfigMap/shop/a"]);
        world.act(&plan);
        assert!(!world.memory.unwrap().objects.contains_key(&b));
        plan.forgotten[0].why.clone()
    };
    assert_eq!(case(&|world| _ = world.objects.remove(&b)), Why::Gone);
    assert_eq!(
        case(&|world| world.objects.get_mut(&b).unwrap()["metadata"]["uid"] = json!("another")),
        Why::Recreated
    );
    let intended = |world: &mut World| {
        world
            .memory
            .as_mut()
            .unwrap()
            .objects
            .get_mut(&b)
            .unwrap()
            .uid = None;
        world.objects.get_mut(&b).unwrap()["metadata"]["managedFields"][0]["manager"] =
            json!("helm");
    };
    assert_eq!(case(&intended), Why::NotOurs);

    let mut marked = named("a");
    marked["metadata"]["labels"] = json!({mark: "ours"});
    let mut world = World::applied(&graph(&[marked.clone(), named("b")]));
    world.objects.get_mut(&b).unwrap()["metadata"]["labels"] = json!({mark: "theirs"});
    let plan = world.plan(&graph(&[marked]));
    assert_eq!(
        plan.forgotten[0].why,
        Why::HandedOver {
            owner: "theirs".into()
        }
    );
}

#[test]
fn what_nobody_looked_at_stays_in_the_inventory() {
    let world = World::applied(&graph(&[named("a"), named("b")]));
    let one = graph(&[named("a")]);
    let mut observation = world.observe(&one);
    observation.objects.remove(&id_of(&named("b")));
    let plan = Plan::new(&one, &observation);
    assert_eq!(actions(&plan), ["= ConfigMap/shop/a"]);
    assert!(
        plan.after(&[].into(), &[].into())
            .objects
            .contains_key(&id_of(&named("b")))
    );
}

#[test]
fn what_is_protected_blocks_instead_of_going() {
    let world = World::applied(&with_lifecycle(&[named("a")], Lifecycle::Protected));
    let plan = world.plan(&graph(&[]));
    assert_eq!(plan.blockers().len(), 1);
    let plan = Plan::teardown("prod", "shop", &world.observe(&graph(&[])), Volumes::Keep);
    assert_eq!(plan.blockers().len(), 1);
}

#[test]
fn a_namespace_goes_last_and_only_when_nothing_stays_in_it() {
    let everything = graph(&[namespace(), named("a")]);
    let world = World::applied(&everything);
    let nothing = graph(&[]);
    let plan = Plan::teardown("prod", "shop", &world.observe(&nothing), Volumes::Keep);
    assert_eq!(actions(&plan), ["- ConfigMap/shop/a", "- Namespace/shop"]);
    let edge = &plan.edges[0];
    assert_eq!(
        (edge.from.kind.as_str(), edge.to.kind.as_str(), edge.until),
        ("Namespace", "ConfigMap", Until::Gone)
    );

    let mut observation = world.observe(&nothing);
    let guest = id_of(&named("guest"));
    observation
        .guests
        .insert(id_of(&namespace()), BTreeSet::from([guest]));
    let plan = Plan::teardown("prod", "shop", &observation, Volumes::Keep);
    assert_eq!(actions(&plan), ["- ConfigMap/shop/a", "= Namespace/shop"]);
    let kept = serde_json::to_value(&plan.steps[1]).unwrap()["kept"].clone();
    assert_eq!(
        (&kept["reason"], &kept["by"][0]["name"]),
        (&json!("in_use"), &json!("guest"))
    );

    let protected = World::applied(&with_lifecycle(&[namespace()], Lifecycle::Managed));
    let plan = protected.plan(&graph(&[named("a")]));
    assert_eq!(actions(&plan), ["+ ConfigMap/shop/a", "= Namespace/shop"]);
}

#[test]
fn a_namespace_that_was_there_before_the_stack_stays_unless_it_was_adopted_by_name() {
    let wanted = graph(&[namespace()]);
    let id = id_of(&namespace());
    for (adopt, left) in [
        (Selection::default(), 1),
        (Selection::of(["Namespace/shop"]), 0),
    ] {
        let mut world = World::applied(&wanted);
        world.memory = None;
        let live = world.objects.get_mut(&id).unwrap();
        live["metadata"]["managedFields"] = json!([{"manager": "admin", "operation": "Update",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}}}]);
        let plan = world.plan_with(
            &wanted,
            &Choices {
                adopt,
                ..Choices::default()
            },
        );
        assert!(plan.steps[0].adopted);
        world.act(&plan);
        world.up(&wanted);
        let plan = Plan::teardown("prod", "shop", &world.observe(&graph(&[])), Volumes::Keep);
        world.act(&plan);
        assert_eq!(world.objects.len(), left);
        assert!(world.memory.unwrap().objects.is_empty());
    }
}

#[test]
fn a_definition_goes_after_its_objects_and_not_while_there_are_others() {
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "shops.x.io"}, "spec": {"group": "x.io", "names": {"kind": "Shop"}}});
    let custom = json!({"apiVersion": "x.io/v1", "kind": "Shop", "metadata": {"name": "s", "namespace": "shop"}, "spec": {}});
    let world = World::applied(&graph(&[definition.clone(), custom]));
    let mut observation = world.observe(&graph(&[]));
    let plan = Plan::teardown("prod", "shop", &observation, Volumes::Keep);
    assert_eq!(
        actions(&plan),
        [
            "- Shop.x.io/shop/s",
            "- CustomResourceDefinition/shops.x.io"
        ]
    );
    assert_eq!(plan.edges.len(), 1);
    let other = ResourceId {
        group: "x.io".into(),
        kind: "Shop".into(),
        namespace: Some("b".into()),
        name: "o".into(),
    };
    observation
        .guests
        .insert(id_of(&definition), BTreeSet::from([other]));
    let plan = Plan::teardown("prod", "shop", &observation, Volumes::Keep);
    assert_eq!(
        actions(&plan),
        [
            "- Shop.x.io/shop/s",
            "= CustomResourceDefinition/shops.x.io"
        ]
    );
}

#[test]
fn volumes_stay_and_are_listed_unless_asked_otherwise() {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"}, "spec": {}});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-db-0", "namespace": "shop", "uid": "c"}, "spec": {}});
    let world = World::applied(&graph(&[namespace(), set.clone()]));
    let mut observation = world.observe(&graph(&[]));
    observation
        .volumes
        .insert(id_of(&set), BTreeSet::from([id_of(&claim)]));
    observation.objects.insert(
        id_of(&claim),
        Observed {
            live: Some(claim),
            ..Observed::default()
        },
    );
    let plan = |volumes| actions(&Plan::teardown("prod", "shop", &observation, volumes));
    assert_eq!(
        plan(Volumes::Keep),
        [
            "- StatefulSet/shop/db",
            "= PersistentVolumeClaim/shop/data-db-0",
            "= Namespace/shop"
        ]
    );
    assert_eq!(
        plan(Volumes::Delete),
        [
            "- StatefulSet/shop/db",
            "- PersistentVolumeClaim/shop/data-db-0",
            "- Namespace/shop"
        ]
    );
}

#[test]
fn only_what_is_chosen_is_planned_with_what_it_needs() {
    let mut wanted = graph(&[named("a"), named("b"), named("c")]);
    let (a, b, c) = (id_of(&named("a")), id_of(&named("b")), id_of(&named("c")));
    let edge = |from: &ResourceId, to: &ResourceId| crate::graph::Edge {
        from: from.clone(),
        to: to.clone(),
        until: Until::Exists,
        why: "test".into(),
    };
    wanted.edges = vec![edge(&b, &a)];
    let world = World::default();
    let only = Choices {
        only: Selection::of(["b"]),
        ..Choices::default()
    };
    let plan = world.plan_with(&wanted, &only);
    assert_eq!(actions(&plan), ["+ ConfigMap/shop/a", "+ ConfigMap/shop/b"]);
    assert_eq!((plan.left_out.len(), &plan.left_out[0].id), (1, &c));
    assert!(!plan.intended.objects.contains_key(&c));

    let exclude = Choices {
        exclude: Selection::of(["ConfigMap/a"]),
        ..Choices::default()
    };
    let plan = world.plan_with(&wanted, &exclude);
    assert_eq!(actions(&plan), ["+ ConfigMap/shop/b", "+ ConfigMap/shop/c"]);
    assert_eq!(plan.left_out[0].needed_by, BTreeSet::from([b]));
    assert!(plan.edges.is_empty());
}
