//! What holds for all definitions.

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};
use serde_json::{Map, Value, json};

use super::world::*;
use crate::plan::{Action, Plan, Step};

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "1", "2", "on", "500m", "0.5", "x y"]).prop_map(str::to_owned)
}

fn data() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop::sample::select(vec!["a", "b", "c", "d.e/f"]).prop_map(str::to_owned);
    btree_map(key, text().prop_map(Value::from), 0..4).prop_map(|map| map.into_iter().collect())
}

fn container() -> impl Strategy<Value = Value> {
    (
        data(),
        vec(text(), 0..3),
        1..4_u32,
        prop::option::of(1..3_u32),
    )
        .prop_map(|(env, args, image, cpu)| {
            let env: Vec<_> = env
                .iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            let mut container = json!({"image": format!("api:{image}"), "args": args, "env": env});
            if let Some(cpu) = cpu {
                container["resources"] = json!({"limits": {"cpu": format!("{}m", cpu * 500)}});
            }
            app(&container)
        })
}

fn definition() -> impl Strategy<Value = Vec<Value>> {
    let parts = (
        prop::option::of(data().prop_map(|data| config(&Value::Object(data)))),
        prop::option::of(container()),
        prop::option::of(data().prop_map(|data| {
            let mut account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "api", "namespace": "shop"}});
            account["metadata"]["labels"] = Value::Object(data);
            account
        })),
    );
    parts.prop_map(|(a, b, c)| a.into_iter().chain(b).chain(c).collect())
}

fn edits() -> impl Strategy<Value = Vec<(usize, Value)>> {
    vec((0..4_usize, text().prop_map(Value::from)), 0..4)
}

/// Whether a step does nothing, or does it because something drifted, or only makes ours again what someone wrote
/// and wrote back: then every value is as it should be, and nobody of us owns any.
fn undoes_an_edit(step: &Step) -> bool {
    let regains = step.changes.is_empty() && step.takeovers.is_empty() && !step.adopted;
    step.action == Action::Keep
        || step.drifted()
        || (step.action == Action::Update && regains && step.conflicts.is_empty())
}

/// Someone else writes here and there.
fn disturb(world: &mut World, edits: &[(usize, Value)]) {
    let ids: Vec<_> = world.objects.keys().cloned().collect();
    for (at, value) in edits {
        for id in &ids {
            match (id.kind.as_str(), at) {
                ("Deployment", 0) => {
                    world.edit("kubectl-scale/scale", id, "spec.replicas", &json!(9));
                }
                ("Deployment", 1) => {
                    world.edit(
                        "kubectl-set",
                        id,
                        "spec.template.spec.containers[app].image",
                        value,
                    );
                }
                ("ConfigMap", 2) if world.objects[id]["data"].is_object() => {
                    world.edit("kubectl-edit", id, "data.a", value);
                }
                ("ConfigMap", 3) if world.objects[id]["data"].is_object() => {
                    world.edit("kubectl-edit", id, "data.b", &Value::Null);
                }
                _ => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn planning_what_was_just_applied_keeps_everything(old in definition(), new in definition()) {
        let mut world = World::applied(&graph(&old));
        prop_assert!(world.plan(&graph(&old)).is_empty());
        world.up(&graph(&new));
        let plan = world.plan(&graph(&new));
        prop_assert!(plan.is_empty(), "{plan:?}");
        prop_assert_eq!(world.objects.len(), new.len());
    }

    #[test]
    fn what_drifted_is_found_and_retaken(definition in definition(), edits in edits()) {
        let wanted = graph(&definition);
        let mut world = World::applied(&wanted);
        let before = world.objects.clone();
        disturb(&mut world, &edits);
        let plan = world.plan(&wanted);
        prop_assert!(plan.steps.iter().all(undoes_an_edit), "{plan:?}");
        prop_assert!(plan.conflicts().is_empty());
        world.act(&plan);
        prop_assert!(world.plan(&wanted).is_empty());
        for object in &definition {
            let leaves = crate::plan::diff::leaves(object, &crate::plan::schema::builtin(object)).len();
            prop_assert!(leaves > 0 && before.contains_key(&id_of(object)));
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes_in_whatever_order(old in definition(), new in definition(), edits in edits()) {
        let mut world = World::applied(&graph(&old));
        disturb(&mut world, &edits);
        let wanted = graph(&new);
        let observation = world.observe(&wanted);
        let bytes = serde_json::to_string(&Plan::new(&wanted, &observation)).unwrap();
        prop_assert_eq!(&bytes, &serde_json::to_string(&Plan::new(&wanted, &observation)).unwrap());
        let mut turned = observation.clone();
        for observed in turned.objects.values_mut() {
            observed.live = observed.live.as_ref().map(turn);
        }
        let mut permuted = wanted.clone();
        for resource in permuted.resources.values_mut() {
            resource.object = turn(&resource.object);
        }
        prop_assert_eq!(&bytes, &serde_json::to_string(&Plan::new(&permuted, &turned)).unwrap());
    }

    #[test]
    fn whatever_is_observed_nothing_panics(desired in anything(), live in anything(), answer in anything()) {
        let mut wanted = config(&json!({}));
        wanted["data"] = desired;
        let graph = graph(&[wanted.clone()]);
        let mut observation = World::default().observe(&graph);
        let observed = observation.objects.get_mut(&id_of(&wanted)).unwrap();
        let mut seen = wanted.clone();
        seen["data"] = live.clone();
        seen["metadata"]["managedFields"] = live;
        observed.live = Some(seen);
        observed.dry_run = crate::plan::DryRun::Answered(answer);
        let plan = Plan::new(&graph, &observation);
        prop_assert_eq!(plan.steps.len(), 1);
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("f:[a-c]|[a-c]|manager|fieldsV1|operation", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The same value, its maps filled in the opposite order, and its owners listed in the opposite order.
fn turn(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let turned = fields.iter().rev().map(|(name, value)| {
                let mut value = turn(value);
                if let (true, Value::Array(entries)) = (name == "managedFields", &mut value) {
                    entries.reverse();
                }
                (name.clone(), value)
            });
            Value::Object(turned.collect())
        }
        Value::Array(elements) => elements.iter().map(turn).collect(),
        other => other.clone(),
    }
}
