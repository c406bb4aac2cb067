//! Platform code of others imports the engine and the catalogue, and plans a stack.

use std::{env, fs, path::Path, process::Command};

const MANIFEST: &str = r#"
[package]
name = "platform"
version = "0.0.0"
edition = "2024"

[dependencies]
provider = { path = "@ROOT/provider" }
modules = { path = "@ROOT/modules" }

[workspace]

# As in the workspace, so that this package builds nothing twice.
[profile.dev]
debug = "line-tables-only"
[profile.dev.package."*"]
debug = false
"#;

const PROGRAM: &str = r#"
use modules::{Loki, Grafana, units::days};
use provider::{Scope, Stack, plan::{Observation, Plan}};

fn logs(stack: &mut Scope<'_>) {
    let loki = stack.add(Loki::new("loki").keep(days(7)));
    stack.add(Grafana::new("grafana").source(&loki.query));
}

fn main() {
    let graph = Stack::new("logs", logs).graph().expect("the definition is right");
    let plan = Plan::new(&graph, &Observation::default());
    println!("to create: {}", plan.counts().create);
    assert_eq!(plan.counts().create, graph.len());
}
"#;

#[test]
fn a_package_outside_the_workspace_plans_a_stack() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = env::temp_dir().join(format!("otelier-library-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(
        folder.join("Cargo.toml"),
        MANIFEST.replace("@ROOT", root.to_str().unwrap()),
    )
    .unwrap();
    fs::write(folder.join("src/main.rs"), PROGRAM).unwrap();
    // The versions that this workspace was tested with.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--offline", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("to create: "), "{out}");
}
