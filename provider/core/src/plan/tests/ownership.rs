//! What is taken from whom, and what is not.

use std::collections::BTreeSet;

use fields::FieldSet;
use serde_json::{Value, json};

use super::world::*;
use crate::plan::{
    Action, Choices, Plan, Selection, claim,
    ownership::{Entry, LAST_APPLIED, Owners},
    schema,
};

/// An object that someone else made.
fn foreign(object: &Value, manager: &str) -> World {
    let mut world = World::default();
    let mut live = apply(None, object, OURS);
    live["metadata"]["uid"] = json!("theirs");
    live["metadata"]["resourceVersion"] = json!("1");
    live["metadata"]["managedFields"][0]["manager"] = json!(manager);
    live["metadata"]["managedFields"][0]["operation"] = json!("Update");
    world.objects.insert(id_of(object), live);
    world
}

fn choices(take: &[&str]) -> Choices {
    Choices {
        take: take.iter().map(|take| take.parse().unwrap()).collect(),
        ..Choices::default()
    }
}

#[test]
fn a_field_that_never_was_ours_is_a_conflict_until_it_is_taken_by_name() {
    let world = foreign(&config(&json!({"a": "1", "b": "1"})), "helm");
    let wanted = graph(&[config(&json!({"a": "2", "b": "1"}))]);
    let plan = world.plan(&wanted);
    let conflicts = &plan.steps[0].conflicts;
    assert_eq!(conflicts.len(), 1, "equal values are shared");
    assert_eq!(
        (&conflicts[0].path, conflicts[0].manager.name.as_str()),
        (&path("data.a"), "helm")
    );
    assert!(plan.steps[0].adopted && plan.steps[0].takeovers.is_empty());

    for (take, conflicts) in [
        ("helm:data.a", 0),
        ("helm:data", 0),
        ("h*:data.a@ConfigMap/shop/conf", 0),
        ("h*:data.a@Secret/*", 1),
        ("kubectl:data.a", 1),
        ("helm:data.b", 1),
    ] {
        let plan = world.plan_with(&wanted, &choices(&[take]));
        assert_eq!(plan.steps[0].conflicts.len(), conflicts, "{take}");
        assert_eq!(plan.steps[0].takeovers.len(), 1 - conflicts, "{take}");
    }
}

#[test]
fn an_object_with_nothing_but_equal_values_is_adopted_and_then_kept() {
    let object = config(&json!({"a": "1"}));
    let mut world = foreign(&object, "helm");
    let plan = world.up(&graph(std::slice::from_ref(&object)));
    assert_eq!(plan.steps[0].action, Action::Update);
    assert!(
        plan.steps[0].adopted && plan.steps[0].changes.is_empty() && plan.conflicts().is_empty()
    );
    assert!(world.plan(&graph(&[object])).is_empty());
}

#[test]
fn a_new_field_of_ours_that_another_holds_is_a_conflict() {
    let old = graph(&[config(&json!({"a": "1"}))]);
    let mut world = World::applied(&old);
    world.edit(
        "kubectl-edit",
        &id_of(&config(&json!({}))),
        "data.b",
        &json!("theirs"),
    );
    let plan = world.plan(&graph(&[config(&json!({"a": "1", "b": "ours"}))]));
    assert_eq!(plan.steps[0].conflicts[0].path, path("data.b"));
}

#[test]
fn what_leaves_the_definition_and_is_owned_by_others_is_said_to_stay() {
    let mut world = World::applied(&graph(&[config(&json!({"a": "1", "b": "1"}))]));
    let id = id_of(&config(&json!({})));
    for value in ["2", "1"] {
        world.edit("kubectl-edit", &id, "data.b", &json!(value));
    }
    let wanted = graph(&[config(&json!({"a": "1"}))]);
    let plan = world.up(&wanted);
    let held: Vec<_> = plan.steps[0]
        .held
        .iter()
        .map(|held| (held.path.short().to_string(), held.manager.to_string()))
        .collect();
    assert_eq!(held, [("data.b".to_owned(), "kubectl-edit".to_owned())]);
    assert_eq!(world.objects[&id]["data"]["b"], "1");
    assert!(plan.is_empty());
    assert!(
        world.plan(&wanted).steps[0].held.is_empty(),
        "once is enough"
    );
}

#[test]
fn an_object_whose_owners_were_forgotten_belongs_to_whoever_was_before() {
    let wanted = config(&json!({"a": "2"}));
    let mut world = foreign(&config(&json!({"a": "1"})), "x");
    world.objects.get_mut(&id_of(&wanted)).unwrap()["metadata"]["managedFields"] = json!([]);
    let plan = world.plan(&graph(&[wanted]));
    assert_eq!(
        plan.steps[0].conflicts[0].manager.name,
        "before-first-apply"
    );
}

/// What a POST leaves: an `Update` entry of ours, with everything in it, defaults included.
fn posted(object: &Value) -> Value {
    let schema = schema::builtin(object);
    let mut live = apply(None, object, OURS);
    let mut fields = Owners::of(&live, OURS, &schema).applied;
    fields.insert(&path("spec.progressDeadlineSeconds"));
    let owners = Owners {
        applied: FieldSet::new(),
        written: Some(Entry {
            manager: crate::plan::FieldManager {
                name: OURS.into(),
                operation: crate::plan::Operation::Update,
                subresource: String::new(),
                time: Some("2026-11-22T12:00:00Z".into()),
            },
            fields,
        }),
        others: Vec::new(),
    };
    live["metadata"]["managedFields"] = written(&owners);
    live["metadata"]["uid"] = json!("u");
    live["metadata"]["resourceVersion"] = json!("7");
    live
}

#[test]
fn what_was_posted_is_claimed_as_if_it_had_been_applied() {
    let object = app(&json!({"image": "api:1", "env": [{"name": "A", "value": "1"}]}));
    let created = posted(&object);
    let patch = claim(&created, &object, OURS).unwrap();
    assert_eq!(
        patch[0],
        json!({"op": "test", "path": "/metadata/uid", "value": "u"})
    );
    assert_eq!(
        patch[1],
        json!({"op": "replace", "path": "/metadata/resourceVersion", "value": "7"})
    );
    let entries = patch[2]["value"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["manager"], &entries[0]["operation"]),
        (&json!(OURS), &json!("Apply"))
    );
    let applied = apply(None, &object, OURS);
    assert_eq!(
        entries[0]["fieldsV1"],
        applied["metadata"]["managedFields"][0]["fieldsV1"]
    );

    let mut claimed = created;
    claimed["metadata"]["managedFields"] = patch[2]["value"].clone();
    assert_eq!(claim(&claimed, &object, OURS), None, "once is enough");
}

#[test]
fn a_run_that_ended_before_the_claim_is_finished_by_the_next() {
    let old = app(
        &json!({"image": "api:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}),
    );
    let new = app(&json!({"image": "api:1", "env": [{"name": "A", "value": "1"}]}));
    let mut world = World::applied(&graph(std::slice::from_ref(&old)));
    world.objects.insert(id_of(&old), posted(&old));
    for object in world.memory.as_mut().unwrap().objects.values_mut() {
        object.uid = Some("u".into());
    }
    let plan = world.plan(&graph(std::slice::from_ref(&new)));
    let migration = plan.steps[0].migration.as_ref().unwrap();
    assert_eq!(migration.from.iter().next().unwrap().name, OURS);
    assert_eq!(
        changes(&plan),
        [
            r#"spec.template.spec.containers[app].env[B].name "B" > - definition"#,
            r#"spec.template.spec.containers[app].env[B].value "1" > - definition"#,
        ]
    );
    world.act(&plan);
    let live = &world.objects[&id_of(&new)];
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(live["spec"]["progressDeadlineSeconds"], 600);
    assert!(world.plan(&graph(&[new])).is_empty());
}

#[test]
fn a_workload_that_gets_an_autoscaler_keeps_its_replicas_meanwhile() {
    let world = World::applied(&graph(&[app(&json!({"image": "api:1"}))]));
    let mut scaled = app(&json!({"image": "api:1"}));
    scaled["spec"].as_object_mut().unwrap().remove("replicas");
    let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}, "maxReplicas": 9}});
    assert_eq!(
        changes(&world.plan(&graph(std::slice::from_ref(&scaled)))),
        ["spec.replicas 3 > 1 definition"]
    );

    let wanted = graph(&[scaled.clone(), autoscaler]);
    let plan = world.plan(&wanted);
    assert!(changes(&plan).is_empty());
    let migration = plan.steps[0].migration.as_ref().unwrap();
    assert!(migration.from.is_empty() && migration.lets_go.contains(&path("spec.replicas")));
    let mut world = world;
    world.act(&plan);
    assert_eq!(world.objects[&id_of(&scaled)]["spec"]["replicas"], 3);
    assert!(world.plan(&wanted).is_empty());
}

#[test]
fn of_a_kind_without_a_schema_everything_that_was_posted_is_claimed() {
    let object = json!({"apiVersion": "x.io/v1", "kind": "Shop", "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"doors": [{"name": "a"}]}});
    let mut created = object.clone();
    created["metadata"]["uid"] = json!("u");
    let fields = json!({"f:spec": {"f:doors": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}}}}});
    created["metadata"]["managedFields"] =
        json!([{"manager": OURS, "operation": "Update", "fieldsV1": fields}]);
    let patch = claim(&created, &object, OURS).unwrap();
    assert_eq!(patch[2]["value"][0]["fieldsV1"], fields);
}

#[test]
fn an_object_of_kubectl_apply_is_adopted_with_what_kubectl_would_remove() {
    let theirs = config(&json!({"a": "1", "old": "1"}));
    let mut note = theirs.clone();
    note["metadata"]["annotations"] = json!({LAST_APPLIED: theirs.to_string()});
    let world = foreign(&note, "kubectl-client-side-apply");
    let wanted = graph(&[config(&json!({"a": "2"}))]);
    assert_eq!(world.plan(&wanted).steps[0].conflicts.len(), 1);

    let adopt = Choices {
        adopt: Selection::of(["ConfigMap/conf"]),
        ..Choices::default()
    };
    let plan = world.plan_with(&wanted, &adopt);
    let step = &plan.steps[0];
    assert!(step.conflicts.is_empty() && step.adopted);
    let paths: Vec<_> = step
        .changes
        .iter()
        .map(|change| change.path.short().to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "data.a",
            "data.old",
            &format!("metadata.annotations[\"{LAST_APPLIED}\"]")
        ]
    );
    let mut world = world;
    world.act(&plan);
    let live = &world.objects[&step.id];
    assert_eq!(live["data"], json!({"a": "2"}));
    let managers: BTreeSet<_> = live["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["manager"].as_str().unwrap())
        .collect();
    assert_eq!(managers, BTreeSet::from([OURS]));
    assert!(world.plan(&wanted).is_empty());
}

#[test]
fn another_stacks_object_and_one_that_is_being_deleted_are_not_touched() {
    let mut object = config(&json!({"a": "1"}));
    object["metadata"]["labels"] = json!({"applyset.kubernetes.io/part-of": "applyset-ours-v1"});
    let wanted = graph(std::slice::from_ref(&object));
    let blocked = |change: &dyn Fn(&mut Value)| {
        let mut world = World::applied(&wanted);
        change(world.objects.get_mut(&id_of(&object)).unwrap());
        let plan: Plan = world.plan(&wanted);
        serde_json::to_value(&plan.steps[0]).unwrap()["blocker"].clone()
    };
    assert_eq!(blocked(&|_| {}), Value::Null);
    assert_eq!(
        blocked(
            &|live| live["metadata"]["labels"]["applyset.kubernetes.io/part-of"] = json!("other")
        ),
        json!({"reason": "owned_by_another_stack", "owner": "other"})
    );
    assert_eq!(
        blocked(&|live| {
            live["metadata"]["deletionTimestamp"] = json!("2026-11-22T12:00:00Z");
            live["metadata"]["finalizers"] = json!(["a/b"]);
        }),
        json!({"reason": "terminating", "finalizers": ["a/b"]})
    );
}
