//! How are rendered objects shown, and what is not among them?

use std::collections::{BTreeMap, BTreeSet};

use provider::{
    Graph,
    graph::{LeftOut, SecretValues, Withheld},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::view::Screen;

/// The objects of a graph, and what they leave out.
#[derive(Serialize)]
pub(crate) struct Rendered<'a> {
    items: Vec<&'a Value>,
    left_out: Vec<LeftOut>,
    #[serde(skip)]
    stack: &'a str,
}

impl<'a> Rendered<'a> {
    /// Those of this graph.
    pub(crate) fn of(graph: &'a Graph, secrets: SecretValues) -> Self {
        Self {
            items: graph.to_objects(secrets),
            left_out: graph.left_out(secrets),
            stack: graph.stack(),
        }
    }

    /// One `List`, as `kubectl` reads it.
    pub(crate) fn list(&self) -> Value {
        json!({ "apiVersion": "v1", "kind": "List", "items": self.items })
    }

    /// Says what is missing from the objects: who pipes them on to a cluster would find out there.
    pub(crate) fn say_left_out(&self, screen: &Screen) {
        let (whole, parts): (Vec<_>, Vec<_>) =
            self.left_out.iter().partition(|one| one.part.is_none());
        if self.left_out.is_empty() {
            return;
        }
        let style = screen.err;
        screen.say(&format!(
            "{}: left out of what is written:",
            style.warn("note")
        ));
        let mut by_reason: BTreeMap<&Withheld, Vec<String>> = BTreeMap::new();
        for one in whole {
            let all = by_reason.entry(&one.why).or_default();
            all.push(one.id.to_string());
        }
        for (why, ids) in &by_reason {
            screen.say(&format!("  because {why}:"));
            for id in ids {
                screen.say(&format!("    {id}"));
            }
        }
        if !parts.is_empty() {
            let objects: BTreeSet<_> = parts.iter().map(|one| &one.id).collect();
            screen.say(&format!(
                "  because Secrets that are left out have them: {} values in {} other objects",
                parts.len(),
                objects.len()
            ));
        }
        screen.say(&format!("  {} {}", style.good("hint:"), self.advice()));
    }

    fn advice(&self) -> String {
        let by_hand = format!(
            "`{} up {}` makes them; comments in the YAML say how to make each by hand",
            crate::program(),
            self.stack
        );
        let secret = |one: &LeftOut| one.why == Withheld::Secret;
        if self.left_out.iter().any(secret) {
            format!("{by_hand}; `--show-secrets` writes those that are known")
        } else {
            by_hand
        }
    }
}
