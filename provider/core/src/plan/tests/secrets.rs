//! What nobody may see.

use serde_json::json;

use super::world::*;
use crate::plan::{Choices, DryRun, Memory, Plan, Refusal, Selection, ownership::LAST_APPLIED};

const PASSWORD: &str = "correct-horse";
const STORED: &str = "Y29ycmVjdC1ob3JzZQ==";

fn shown(plan: &Plan) -> String {
    let json = serde_json::to_string(plan).unwrap();
    format!("{json}\n{plan:?}")
}

#[test]
fn no_secret_is_in_anything_that_a_plan_shows() {
    let leak = |args: &str| {
        app(
            &json!({"image": "a:1", "args": [args, "--plain"], "env": [{"name": "P", "value": args}]}),
        )
    };
    let world = World::applied(&graph(&[
        secret(&json!({"p": "b2xkLXNlY3JldC1vbmU="})),
        leak("old"),
    ]));
    let wanted = graph(&[
        secret(&json!({"p": STORED, "q": STORED})),
        leak(&format!("--password={PASSWORD}")),
    ]);
    let plan = world.plan(&wanted);
    let shown = shown(&plan);
    for secret in [PASSWORD, STORED, "b2xkLXNlY3JldC1vbmU=", "old-secret-one"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(
        changes(&plan)[..2],
        [
            r#"data.p "(secret 1)" > "(secret 2)" definition"#,
            r#"data.q - > "(secret 2)" definition"#,
        ],
        "that two values are one is seen"
    );
    assert!(shown.contains("\"old\""), "what is no secret is shown");
}

#[test]
fn a_secret_that_was_only_observed_is_masked_as_well() {
    let wanted = graph(&[secret(&json!({"p": "bmV3"}))]);
    let mut world = World::applied(&wanted);
    let id = id_of(&secret(&json!({})));
    world.edit("kubectl-edit", &id, "data.p", &json!(STORED));
    let note = json!({"data": {"p": STORED}}).to_string();
    let mut observation = world.observe(&wanted);
    let observed = observation.objects.get_mut(&id).unwrap();
    observed.live.as_mut().unwrap()["metadata"]["annotations"] = json!({LAST_APPLIED: note});
    // As a LIST shows it.
    let live = observed.live.as_mut().unwrap().as_object_mut().unwrap();
    live.remove("kind");
    live.remove("apiVersion");
    observed.warnings = vec![format!("about {PASSWORD}")];
    let plan = Plan::new(&wanted, &observation);
    let shown = shown(&plan);
    assert!(
        !shown.contains(STORED) && !shown.contains(PASSWORD),
        "{shown}"
    );
    assert_eq!(plan.drifted().count(), 1);
    assert!(!format!("{observation:?}").contains(STORED));
}

#[test]
fn a_secret_that_is_left_out_of_the_plan_is_not_let_out_either() {
    let leak = |text: &str| config(&json!({"a": format!("password={text}")}));
    let world = World::applied(&graph(&[secret(&json!({"p": STORED})), leak("old")]));
    let wanted = graph(&[secret(&json!({"p": STORED})), leak(PASSWORD)]);
    let only = Choices {
        only: Selection::of(["ConfigMap/conf"]),
        ..Choices::default()
    };
    let plan = world.plan_with(&wanted, &only);
    assert_eq!(plan.steps.len(), 1);
    assert!(!shown(&plan).contains(PASSWORD));
}

#[test]
fn what_a_server_says_is_masked() {
    let old = graph(&[secret(&json!({"p": "b2xk"}))]);
    let wanted = graph(&[secret(&json!({"p": STORED}))]);
    let mut observation = World::applied(&old).observe(&wanted);
    observation
        .objects
        .get_mut(&id_of(&secret(&json!({}))))
        .unwrap()
        .dry_run = DryRun::Refused(Refusal {
        code: 422,
        message: format!("Invalid value: {PASSWORD} and {STORED}"),
        ..Refusal::default()
    });
    let shown = shown(&Plan::new(&wanted, &observation));
    assert!(
        !shown.contains(STORED) && !shown.contains(PASSWORD),
        "{shown}"
    );
}

#[test]
fn a_memory_reads_back_as_it_was_written_and_holds_no_value() {
    let memory = Memory::of(
        &graph(&[secret(&json!({"p": STORED})), app(&json!({"image": "a:1"}))]),
        b"key",
    );
    let text = serde_json::to_string(&memory).unwrap();
    assert!(!text.contains(STORED) && !text.contains("a:1"));
    assert_eq!(serde_json::from_str::<Memory>(&text).unwrap(), memory);
    assert_ne!(
        memory,
        Memory::of(&graph(&[secret(&json!({"p": STORED}))]), b"other")
    );
}
