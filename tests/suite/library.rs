//! Platform code of others imports the engine and the catalogue, plans a stack, and is told what does not fit.

use std::fs;

use crate::outside::{Outside, root};

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
    let outside = Outside::new("library");
    outside.program("platform", PROGRAM);
    let output = outside.cargo("run", "platform");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    assert!(output.stdout.starts_with(b"to create: "), "{err}");
}

#[test]
fn what_does_not_fit_does_not_compile_and_the_message_says_why() {
    let outside = Outside::new("compile-fail");
    let mut programs = 0;
    for entry in fs::read_dir(root().join("tests/compile_fail")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        outside.program(name, &text);
        let output = outside.cargo("build", name);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name} compiles");
        let expected: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//~ "))
            .collect();
        assert!(!expected.is_empty(), "{name} expects nothing");
        for words in expected {
            assert!(said.contains(words), "{name}: `{words}` is not in\n{said}");
        }
        programs += 1;
    }
    assert!(programs >= 4, "only {programs} programs were found");
}
