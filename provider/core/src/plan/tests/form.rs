//! Does the JSON form stay what others read?

use serde_json::json;

use super::world::*;
use crate::plan::Volumes;

#[test]
fn the_json_form_of_a_plan_is_what_it_was() {
    let mut world = World::applied(&graph(&[
        config(&json!({"a": "1"})),
        app(&json!({"image": "api:1"})),
    ]));
    world.edit(
        "kubectl-edit",
        &id_of(&config(&json!({}))),
        "data.a",
        &json!("2"),
    );
    let mut plan = serde_json::to_value(world.plan(&graph(&[
        config(&json!({"a": "1"})),
        secret(&json!({"p": "eA=="})),
    ])))
    .unwrap();
    for step in plan["steps"].as_array_mut().unwrap() {
        if let Some(origin) = step.get_mut("origin") {
            assert!(origin["file"].is_string() && origin["line"].is_u64());
            origin.take();
        }
    }
    let id = |kind: &str, name: &str| json!({"group": "", "kind": kind, "namespace": "shop", "name": name});
    let kind = |kind: &str| {
        json!({"group": "", "version": "v1", "kind": kind,
        "plural": format!("{}s", kind.to_lowercase()), "scope": "namespaced"})
    };
    let by = json!({"name": "kubectl-edit", "operation": "Update", "time": "2026-11-22T12:00:00Z"});
    let expected = json!({
        "version": 1, "stack": "prod", "namespace": "shop", "edges": [],
        "steps": [
            {
                "id": id("ConfigMap", "conf"), "kind": kind("ConfigMap"), "action": "update", "lifecycle": "managed",
                "uid": "uid-1", "resource_version": "1", "defaults": 0, "origin": null,
                "changes": [{"path": "data.a", "before": "2", "after": "1", "cause": {"cause": "drift", "by": by}}],
                "takeovers": [{"path": "data.a", "manager": by}],
            },
            {
                "id": id("Secret", "login"), "kind": kind("Secret"), "action": "create", "lifecycle": "managed",
                "defaults": 0, "origin": null,
            },
            {
                "id": {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "api"},
                "kind": {"group": "apps", "version": "v1", "kind": "Deployment", "plural": "deployments", "scope": "namespaced"},
                "action": "delete", "lifecycle": "managed", "uid": "uid-2", "resource_version": "2", "defaults": 0,
            },
        ],
    });
    assert_eq!(plan, expected, "{plan:#}");
}

#[test]
fn an_empty_teardown_is_empty() {
    let plan = crate::Plan::teardown(
        "prod",
        "shop",
        &World::default().observe(&graph(&[])),
        Volumes::Keep,
    );
    assert!(
        plan.is_empty()
            && plan.steps.is_empty()
            && plan.after(&[].into(), &[].into()).objects.is_empty()
    );
}
