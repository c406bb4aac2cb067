//! A kind of one's own: a custom resource and its definition in one stack.
//!
//! The resource waits until its definition is established; nobody says so.
//! `cargo run -p examples --bin own_kind -- up brewery`

use kube::{CustomResource, CustomResourceExt};
use provider::{Scope, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a beer is brewed.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "brewery.example.com",
    version = "v1",
    kind = "Recipe",
    namespaced
)]
struct RecipeSpec {
    /// What it is called.
    beer: String,
    /// Bitterness (IBU).
    bitterness: u32,
}

fn brewery(stack: &mut Scope<'_>) {
    stack.add(Recipe::crd());
    stack.add(Recipe::new(
        "house",
        RecipeSpec {
            beer: "house pale".into(),
            bitterness: 38,
        },
    ));
}

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("brewery", brewery)])
}
