//! What a module wants to be known is shown with the plan, and stops nothing.

use provider::{Finding, Scope};
use support::story;

use crate::fixtures::hello;

fn without_spare(stack: &mut Scope<'_>) {
    hello(1)(stack);
    let note = Finding::new("no-spare", "one replica: while it restarts, nobody answers");
    stack.note(note.hint("ask for two"));
    stack.note(Finding::new(
        "no-spare",
        "one replica: while it restarts, nobody answers",
    ));
}

#[tokio::test]
async fn a_note_is_said_once_with_every_plan_and_stops_nothing() {
    story("notes", without_spare, async |world| {
        let plan = world.plan().await;
        let shown = stacks::show(&plan);
        let line = "note: one replica: while it restarts, nobody answers [no-spare]";
        assert_eq!(shown.matches(line).count(), 1, "{shown}");
        assert!(shown.contains("hint: ask for two"), "{shown}");
        assert_eq!(serde_json::json!(plan)["notes"][0]["rule"], "no-spare");

        world.applied().await;
        let again = world.plan().await;
        assert!(again.is_empty(), "a note is nothing to do");
        assert!(stacks::show(&again).contains(line), "and is still true");
    })
    .await;
}
