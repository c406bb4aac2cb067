//! What is to happen to an object as a whole.

use serde_json::{Value, json};

use super::world::*;
use crate::{
    lifecycle::Lifecycle,
    plan::{Action, Choices, DryRun, Kept, Plan, Refusal, RefusalCause, Selection, Verdict},
};

fn refusal(causes: &[(&str, &str, &str)]) -> Refusal {
    let cause = |(reason, field, message): &(&str, &str, &str)| RefusalCause {
        reason: (*reason).into(),
        field: (*field).into(),
        message: (*message).into(),
    };
    Refusal {
        code: 422,
        reason: "Invalid".into(),
        message: "is invalid".into(),
        causes: causes.iter().map(cause).collect(),
    }
}

/// The plan from an old definition to a new one whose dry run the server refuses.
fn refused(
    old: &Value,
    new: &Value,
    causes: &[(&str, &str, &str)],
    choices: &Choices,
    lifecycle: Lifecycle,
) -> Plan {
    let world = World::applied(&with_lifecycle(std::slice::from_ref(old), lifecycle));
    let wanted = with_lifecycle(std::slice::from_ref(new), lifecycle);
    let mut observation = world.observe(&wanted);
    observation.objects.get_mut(&id_of(new)).unwrap().dry_run = DryRun::Refused(refusal(causes));
    Plan::with(&wanted, &observation, choices)
}

fn outcome(plan: &Plan) -> (Action, String) {
    let step = serde_json::to_value(&plan.steps[0]).unwrap();
    (
        plan.steps[0].action,
        step["blocker"]["reason"].as_str().unwrap_or("").to_owned(),
    )
}

const STATEFUL_SET: &str =
    "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden";

fn stateful_set(service: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"serviceName": service, "replicas": replicas}})
}

const PVC: &str =
    "Forbidden: spec is immutable after creation except resources.requests for bound claims";
const WHEN: &str = "Forbidden: field is immutable when `immutable` is set";
const PORT: &str = "spec.template.spec.containers[0].ports[0].containerPort";

fn binding(role: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "b", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}})
}

fn selector(app: &str) -> Value {
    deployment(&json!({"selector": {"matchLabels": {"app": app}}}))
}

fn port(port: u32) -> Value {
    app(&json!({"image": "a:1", "ports": [{"containerPort": port}]}))
}

fn claim(class: &str, size: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c", "namespace": "shop"},
        "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}}})
}

fn frozen(value: &str) -> Value {
    let mut frozen = config(&json!({"a": value}));
    frozen["immutable"] = json!(true);
    frozen
}

/// One cause of a refusal: reason, field, message.
type Said = (&'static str, &'static str, &'static str);

fn check(old: &Value, new: &Value, causes: &[Said], action: Action, blocker: &str) {
    let plan = refused(old, new, causes, &Choices::default(), Lifecycle::Managed);
    assert_eq!(
        outcome(&plan),
        (action, blocker.to_owned()),
        "{new} {causes:?}"
    );
    let immutable = plan.steps[0].changes.iter().any(|change| change.immutable);
    assert_eq!(immutable, action == Action::Replace);
}

#[test]
fn an_object_is_replaced_for_a_field_that_cannot_change_and_that_moved() {
    let fixed = |field| ("FieldValueInvalid", field, "field is immutable");
    let spec = |message| ("FieldValueForbidden", "spec", message);
    let role = ("FieldValueInvalid", "roleRef", "cannot change roleRef");
    let data = ("FieldValueForbidden", "data", WHEN);
    let asks = "replace_not_allowed";
    for (old, new, cause, blocker) in [
        (binding("x"), binding("y"), role, ""),
        (frozen("1"), frozen("2"), data, ""),
        (selector("x"), selector("y"), fixed("spec.selector"), asks),
        (
            stateful_set("a", 1),
            stateful_set("b", 1),
            spec(STATEFUL_SET),
            asks,
        ),
        (claim("a", "1Gi"), claim("b", "1Gi"), spec(PVC), asks),
    ] {
        check(&old, &new, &[cause], Action::Replace, blocker);
    }
}

#[test]
fn a_mistake_is_never_a_reason_to_replace() {
    let range = ("FieldValueInvalid", PORT, "must be between 1 and 65535");
    let spec = |message| ("FieldValueForbidden", "spec", message);
    let mismatch = (
        "FieldValueInvalid",
        "spec.template.metadata.labels",
        "`selector` does not match template `labels`",
    );
    let fixed = ("FieldValueInvalid", "spec.selector", "field is immutable");
    for (old, new, causes) in [
        (port(80), port(0), vec![range]),
        (port(80), port(0), vec![]),
        (selector("x"), selector("y"), vec![fixed, mismatch]),
        // The server only says `spec`, and what moved may move.
        (
            stateful_set("a", 1),
            stateful_set("a", 2),
            vec![spec(STATEFUL_SET)],
        ),
        (claim("a", "1Gi"), claim("a", "2Gi"), vec![spec(PVC)]),
    ] {
        check(&old, &new, &causes, Action::Update, "refused");
    }
}

#[test]
fn what_loses_data_is_replaced_by_name_only_and_what_is_protected_never() {
    let causes = [("FieldValueForbidden", "spec", STATEFUL_SET)];
    let named = Choices {
        replace: Selection::of(["StatefulSet/db"]),
        ..Choices::default()
    };
    let case = |choices: &Choices, lifecycle| {
        outcome(&refused(
            &stateful_set("a", 1),
            &stateful_set("b", 1),
            &causes,
            choices,
            lifecycle,
        ))
    };
    assert_eq!(
        case(&named, Lifecycle::Managed),
        (Action::Replace, String::new())
    );
    assert_eq!(
        case(&named, Lifecycle::Protected),
        (Action::Replace, "protected".into())
    );
}

#[test]
fn what_is_absent_is_created_and_what_vanished_is_said_to_have() {
    let wanted = graph(&[config(&json!({"a": "1"}))]);
    let mut world = World::default();
    let plan = world.plan(&wanted);
    assert_eq!(
        (plan.steps[0].action, plan.steps[0].vanished),
        (Action::Create, false)
    );
    world.act(&plan);
    world.objects.clear();
    let plan = world.plan(&wanted);
    assert_eq!(
        (plan.steps[0].action, plan.steps[0].vanished),
        (Action::Create, true)
    );
    assert_eq!(plan.drifted().count(), 1);
}

#[test]
fn a_write_of_the_value_that_is_there_is_nothing_and_one_that_was_undone_is_owned_again() {
    let conf = config(&json!({"a": "1"}));
    let wanted = graph(std::slice::from_ref(&conf));
    let mut world = World::applied(&wanted);
    world.edit("kubectl-edit", &id_of(&conf), "data.a", &json!("1"));
    assert!(world.plan(&wanted).is_empty());
    for value in ["2", "1"] {
        world.edit("kubectl-edit", &id_of(&conf), "data.a", &json!(value));
    }
    let plan = world.plan(&wanted);
    assert_eq!(plan.steps[0].action, Action::Update);
    assert!(changes(&plan).is_empty() && plan.drifted().count() == 0);
    world.act(&plan);
    assert!(world.plan(&wanted).is_empty());
}

#[test]
fn an_object_that_was_made_anew_by_someone_else_is_owned_again() {
    let wanted = graph(&[config(&json!({"a": "1"}))]);
    let mut world = World::applied(&wanted);
    let live = world.objects.values_mut().next().unwrap();
    live["metadata"]["uid"] = json!("another");
    live["metadata"]["managedFields"][0]["manager"] = json!("kubectl-create");
    let plan = world.plan(&wanted);
    let step = &plan.steps[0];
    assert_eq!(
        (step.action, step.vanished, step.adopted),
        (Action::Update, true, false)
    );
    world.act(&plan);
    assert!(world.plan(&wanted).is_empty() && world.plan(&wanted).drifted().count() == 0);
}

#[test]
fn what_the_server_could_not_be_asked_about_is_predicted() {
    let wanted = graph(&[config(&json!({"a": "1"}))]);
    let mut observation = World::default().observe(&wanted);
    observation
        .objects
        .get_mut(&id_of(&config(&json!({}))))
        .unwrap()
        .dry_run = DryRun::NotPossible;
    let plan = Plan::new(&wanted, &observation);
    assert!(plan.steps[0].predicted && plan.steps[0].action == Action::Create);

    let world = World::applied(&wanted);
    let moved = graph(&[config(&json!({"a": "2"}))]);
    for (graph, action) in [(&wanted, Action::Keep), (&moved, Action::Update)] {
        let mut observation = world.observe(graph);
        observation
            .objects
            .values_mut()
            .for_each(|observed| observed.dry_run = DryRun::NotAsked);
        assert_eq!(Plan::new(graph, &observation).steps[0].action, action);
    }
}

#[test]
fn what_is_created_once_is_never_changed() {
    let wanted = |data: &Value| with_lifecycle(&[secret(data)], Lifecycle::CreatedOnce);
    let world = World::applied(&wanted(&json!({"a": "MQ=="})));
    assert!(
        world
            .plan(&wanted(&json!({"a": "Mg==", "b": "Mg=="})))
            .is_empty()
    );
}

#[test]
fn what_others_created_once_is_used_and_never_deleted() {
    let wanted = with_lifecycle(&[secret(&json!({"a": "MQ=="}))], Lifecycle::CreatedOnce);
    let mut world = World::applied(&wanted);
    let id = id_of(&secret(&json!({})));
    world.memory = None;
    world.objects.get_mut(&id).unwrap()["metadata"]["managedFields"][0]["manager"] = json!("helm");
    let plan = world.up(&wanted);
    assert_eq!(plan.steps[0].kept, Some(Kept::NotOurs));
    assert!(world.memory.as_ref().unwrap().objects.is_empty());
    assert!(world.plan(&graph(&[])).steps.is_empty());
}

#[test]
fn a_custom_resource_is_checked_against_its_definition_of_the_same_plan() {
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "shops.x.io"},
        "spec": {"group": "x.io", "names": {"kind": "Shop"}, "versions": [{"name": "v1",
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
                "properties": {"size": {"type": "integer"}}}}}}}]}});
    let custom = |spec: Value| {
        json!({"apiVersion": "x.io/v1", "kind": "Shop",
        "metadata": {"name": "s", "namespace": "shop"}, "spec": spec})
    };
    for (spec, causes) in [
        (json!({"size": 1}), Value::Null),
        (
            json!({"size": "1", "x": 1}),
            json!([
                "spec.size: expected a whole number",
                "spec.x: unknown field"
            ]),
        ),
    ] {
        let custom = custom(spec);
        let wanted = graph(&[definition.clone(), custom.clone()]);
        let mut observation = World::default().observe(&wanted);
        observation
            .objects
            .get_mut(&id_of(&custom))
            .unwrap()
            .dry_run = DryRun::NotPossible;
        let plan = Plan::new(&wanted, &observation);
        assert!(plan.steps[1].predicted);
        assert_eq!(
            serde_json::to_value(&plan.steps[1]).unwrap()["blocker"]["causes"],
            causes
        );
    }
}

#[test]
fn a_create_whose_answer_got_lost_holds_and_one_that_came_too_late_does_not() {
    let object = config(&json!({"a": "1"}));
    let wanted = graph(std::slice::from_ref(&object));
    let mut world = World::default();
    let plan = world.plan(&wanted);
    let approved = &plan.steps[0];
    let mut made = World::applied(&wanted)
        .objects
        .remove(&approved.id)
        .unwrap();
    for (manager, verdict) in [
        (OURS, Verdict::Holds),
        ("helm", Verdict::Changed { paths: Vec::new() }),
    ] {
        made["metadata"]["managedFields"][0]["manager"] = json!(manager);
        made["metadata"]["managedFields"][0]["operation"] = json!("Update");
        world.objects.insert(approved.id.clone(), made.clone());
        let observed = world.observe(&wanted).objects.remove(&approved.id).unwrap();
        let fresh = plan.again(&approved.id, &observed).unwrap();
        assert_eq!(approved.still_holds(&fresh), verdict, "{manager}");
    }
}

#[test]
fn an_approved_step_holds_while_the_same_would_be_done() {
    let old = graph(&[app(&json!({"image": "api:1"}))]);
    let new = graph(&[app(&json!({"image": "api:2"}))]);
    let id = id_of(&app(&json!({})));
    let world = World::applied(&old);
    let plan = world.plan(&new);
    let approved = plan.step(&id).unwrap();
    let fresh = |world: &World| {
        let observed = world.observe(&new).objects.remove(&id).unwrap();
        plan.again(&id, &observed).unwrap()
    };
    assert_eq!(approved.still_holds(&fresh(&world)), Verdict::Holds);

    let image = "spec.template.spec.containers[app].image";
    let mut beside = world.clone();
    beside.edit("controller", &id, "status", &json!({"replicas": 1}));
    assert_eq!(approved.still_holds(&fresh(&beside)), Verdict::Holds);

    for (at, value) in [(image, json!("api:9")), ("spec.replicas", json!(9))] {
        let mut moved = world.clone();
        moved.edit("kubectl-edit", &id, at, &value);
        assert_eq!(
            approved.still_holds(&fresh(&moved)),
            Verdict::Changed {
                paths: vec![path(at)]
            }
        );
    }

    let mut done = world.clone();
    done.up(&new);
    assert_eq!(approved.still_holds(&fresh(&done)), Verdict::Done);

    let mut other = world.clone();
    other.objects.get_mut(&id).unwrap()["metadata"]["uid"] = json!("another");
    assert_eq!(
        approved.still_holds(&fresh(&other)),
        Verdict::Changed { paths: Vec::new() }
    );
}
