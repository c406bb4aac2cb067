//! Why a field differs.

use serde_json::{Value, json};

use super::world::*;
use crate::plan::{Action, DryRun, Memory, Plan};

fn image(image: &str) -> Value {
    app(&json!({"image": image}))
}

#[test]
fn a_definition_that_moved_says_so_and_defaults_are_not_listed() {
    let world = World::applied(&graph(&[image("api:1")]));
    let plan = world.plan(&graph(&[image("api:2")]));
    assert_eq!(plan.steps[0].action, Action::Update);
    assert_eq!(
        changes(&plan),
        [r#"spec.template.spec.containers[app].image "api:1" > "api:2" definition"#]
    );
    assert!(plan.steps[0].takeovers.is_empty() && plan.conflicts().is_empty());
}

#[test]
fn what_leaves_the_definition_goes_because_of_the_definition() {
    let env = |names: &[&str]| {
        let env: Vec<_> = names
            .iter()
            .map(|name| json!({"name": name, "value": "1"}))
            .collect();
        app(&json!({"image": "api:1", "env": env}))
    };
    let world = World::applied(&graph(&[env(&["A", "B"])]));
    let plan = world.plan(&graph(&[env(&["A"])]));
    assert_eq!(
        changes(&plan),
        [
            r#"spec.template.spec.containers[app].env[B].name "B" > - definition"#,
            r#"spec.template.spec.containers[app].env[B].value "1" > - definition"#,
        ]
    );
}

#[test]
fn what_falls_back_to_its_default_is_a_change_of_the_definition() {
    let mut without = image("api:1");
    without["spec"].as_object_mut().unwrap().remove("replicas");
    let world = World::applied(&graph(&[image("api:1")]));
    assert_eq!(
        changes(&world.plan(&graph(&[without]))),
        ["spec.replicas 3 > 1 definition"]
    );
}

#[test]
fn a_field_changed_by_someone_else_is_drift_and_names_them() {
    let wanted = graph(&[image("api:1")]);
    for (manager, told) in [
        ("kubectl-edit", "spec.replicas 5 > 3 drift by kubectl-edit"),
        (
            "autoscaler/scale",
            "spec.replicas 5 > 3 drift by autoscaler (through scale)",
        ),
    ] {
        let mut world = World::applied(&wanted);
        world.edit(manager, &id_of(&image("")), "spec.replicas", &json!(5));
        let plan = world.plan(&wanted);
        assert_eq!(changes(&plan), [told]);
        assert_eq!(plan.steps[0].takeovers[0].path, path("spec.replicas"));
        assert!(plan.conflicts().is_empty());
        assert_eq!(plan.drifted().count(), 1);
        world.act(&plan);
        assert!(world.plan(&wanted).is_empty());
    }
}

#[test]
fn a_field_removed_by_someone_else_is_drift_by_nobody_in_particular() {
    let wanted = graph(&[config(&json!({"a": "1", "b": "2"}))]);
    let mut world = World::applied(&wanted);
    world.edit(
        "kubectl-edit",
        &id_of(&config(&json!({}))),
        "data.a",
        &Value::Null,
    );
    assert_eq!(changes(&world.plan(&wanted)), [r#"data.a - > "1" drift"#]);
}

#[test]
fn what_others_add_beside_ours_is_theirs_and_not_shown() {
    let wanted = graph(&[config(&json!({"a": "1"}))]);
    let mut world = World::applied(&wanted);
    world.edit(
        "kubectl-edit",
        &id_of(&config(&json!({}))),
        "data.b",
        &json!("2"),
    );
    let plan = world.plan(&wanted);
    assert!(plan.is_empty() && plan.drifted().count() == 0);
}

#[test]
fn an_edit_inside_of_what_is_owned_as_a_whole_is_shown_where_it_is() {
    let args = |last: &str| app(&json!({"image": "api:1", "args": ["serve", last]}));
    let wanted = graph(&[args("--quiet")]);
    let mut world = World::applied(&wanted);
    let at = "spec.template.spec.containers[app].args";
    world.edit(
        "kubectl-edit",
        &id_of(&args("")),
        at,
        &json!(["serve", "--loud"]),
    );
    assert_eq!(
        changes(&world.plan(&wanted)),
        [
            r#"spec.template.spec.containers[app].args[1] "--loud" > "--quiet" drift by kubectl-edit"#
        ]
    );
    world.edit("kubectl-edit", &id_of(&args("")), at, &json!(["serve"]));
    assert_eq!(
        changes(&world.plan(&wanted)),
        [
            r#"spec.template.spec.containers[app].args ["serve"] > ["serve","--quiet"] drift by kubectl-edit"#
        ]
    );
}

#[test]
fn what_a_webhook_makes_of_our_value_is_rewritten() {
    let world = World::applied(&graph(&[image("api:1")]));
    let wanted = graph(&[image("api:2")]);
    let mut observation = world.observe(&wanted);
    let observed = observation.objects.get_mut(&id_of(&image(""))).unwrap();
    let DryRun::Answered(answer) = &mut observed.dry_run else {
        panic!("asked")
    };
    answer["spec"]["template"]["spec"]["containers"][0]["image"] = json!("mirror/api:2");
    answer["metadata"]["annotations"] = json!({"injected": "yes"});
    let plan = crate::plan::Plan::new(&wanted, &observation);
    assert_eq!(
        changes(&plan),
        [r#"spec.template.spec.containers[app].image "api:1" > "mirror/api:2" rewritten"#]
    );
    assert_eq!(plan.steps[0].defaults, 1);
}

#[test]
fn another_spelling_of_an_amount_is_no_change() {
    let cpu = |cpu: &str| app(&json!({"image": "api:1", "resources": {"limits": {"cpu": cpu}}}));
    let world = World::applied(&graph(&[cpu("1000m")]));
    assert!(world.plan(&graph(&[cpu("1")])).is_empty());
    assert_eq!(changes(&world.plan(&graph(&[cpu("2")]))).len(), 1);
}

#[test]
fn the_order_of_named_elements_counts() {
    let env = |names: [&str; 2]| {
        app(
            &json!({"image": "api:1", "env": names.map(|name| json!({"name": name, "value": "1"}))}),
        )
    };
    let world = World::applied(&graph(&[env(["A", "B"])]));
    let turned = |cause: &str| {
        format!(r#"spec.template.spec.containers[app].env ["A","B"] > ["B","A"] {cause}"#)
    };
    // No memory of orders: where nothing else about the list moved, someone else is suspected.
    assert_eq!(
        changes(&world.plan(&graph(&[env(["B", "A"])]))),
        [turned("drift")]
    );
}

#[test]
fn without_a_memory_the_servers_own_is_asked() {
    let mut world = World::applied(&graph(&[config(&json!({"a": "1", "b": "1"}))]));
    world.memory = None;
    assert!(
        world
            .plan(&graph(&[config(&json!({"a": "1", "b": "1"}))]))
            .is_empty()
    );
    assert_eq!(
        changes(&world.plan(&graph(&[config(&json!({"a": "2"}))]))),
        [
            r#"data.a "1" > "2" definition"#,
            r#"data.b "1" > - definition"#
        ]
    );
}

#[test]
fn a_run_that_ended_before_it_could_tell_is_not_taken_for_drift() {
    let old = graph(&[config(&json!({"a": "1"}))]);
    let new = graph(&[config(&json!({"a": "2", "b": "2"}))]);
    let mut world = World::applied(&old);
    world.memory = Some(world.plan(&new).before());
    let plan = world.plan(&new);
    assert_eq!(
        changes(&plan),
        [
            r#"data.a "1" > "2" definition"#,
            r#"data.b - > "2" definition"#
        ]
    );
    world.act(&plan);
    let remembered: Memory = world.memory.clone().unwrap();
    assert!(
        remembered
            .objects
            .values()
            .all(|object| object.pending.is_empty())
    );
    assert!(world.plan(&new).is_empty());
}

#[test]
fn a_definition_that_only_the_cluster_has_says_how_its_objects_are_merged() {
    let definition = json!({"spec": {"group": "x.io", "names": {"kind": "Shop"}, "versions": [{"name": "v1",
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "doors": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string"}, "width": {"type": "integer"}}}}}}}}}}]}});
    let shop = |width: u32| {
        json!({"apiVersion": "x.io/v1", "kind": "Shop", "metadata": {"name": "s", "namespace": "shop"},
            "spec": {"doors": [{"name": "front", "width": width}]}})
    };
    let wanted = graph(&[shop(2)]);
    let mut world = World::applied(&wanted);
    let plan = |world: &World| {
        let mut observation = world.observe(&wanted);
        observation.definitions.push(definition.clone());
        Plan::new(&wanted, &observation)
    };
    world.memory = Some(plan(&world).after(&[].into(), &[].into()));
    *world
        .objects
        .values_mut()
        .next()
        .unwrap()
        .pointer_mut("/spec/doors/0/width")
        .unwrap() = json!(9);
    assert_eq!(
        changes(&plan(&world)),
        ["spec.doors[front].width 9 > 2 drift"]
    );
}
