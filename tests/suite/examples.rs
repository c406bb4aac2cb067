//! The examples are complete programs, and do what they say.

use std::fs;

use support::Command;

use crate::outside::root;

#[test]
fn each_example_fits_on_a_page() {
    let files = fs::read_dir(root().join("examples")).unwrap();
    let sources = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let mut count = 0;
    for path in sources {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 80, "{} has {lines} lines", path.display());
        count += 1;
    }
    assert!(count >= 5, "only {count} examples");
}

#[test]
fn two_raw_objects_come_up_and_go() {
    let user = Command::new("example-hello");
    let up = user.run_program("hello", &["up", "hello"]).expect(0);
    assert!(up.out.contains("3 created"), "{}", up.out);
    let _ = user.run_program("hello", &["down", "hello"]).expect(0);
}

#[test]
fn the_twenty_lines_come_up() {
    let user = Command::new("example-observability");
    let _ = user.run_program("observability", &["up", "prod"]).expect(0);
    let again = user
        .run_program("observability", &["plan", "prod", "--detailed-exitcode"])
        .expect(0);
    assert!(again.out.contains("plan: nothing to do"), "{}", again.out);
}

#[test]
fn an_own_module_is_drawn_with_its_connection() {
    let user = Command::new("example-module");
    let drawing = user
        .run_program("own_module", &["graph", "shop", "-o", "dot"])
        .expect(0)
        .out;
    assert!(
        drawing.contains("Deployment shop") && drawing.contains("resp 6379"),
        "{drawing}"
    );
}

#[test]
fn programs_send_their_telemetry_three_ways() {
    let user = Command::new("example-telemetry");
    let up = user.run_program("telemetry", &["up", "shop"]).expect(0);
    assert!(
        up.err
            .contains("sends its telemetry to the backends itself")
    );
    let drawing = user
        .run_program("telemetry", &["graph", "shop", "-o", "dot"])
        .expect(0)
        .out;
    for arrow in [
        "Deployment payment",
        "Deployment catalog",
        "Deployment prototype",
    ] {
        assert!(drawing.contains(arrow), "{drawing}");
    }
}

#[test]
fn an_own_kind_waits_for_its_definition() {
    let user = Command::new("example-kind");
    let up = user.run_program("own_kind", &["up", "brewery"]).expect(0);
    let line = |what: &str| {
        up.err
            .lines()
            .position(|line| line.contains('✓') && line.contains(what))
    };
    let definition = line("CustomResourceDefinition/recipes.brewery.example.com");
    let recipe = line("Recipe.brewery.example.com/brewery/house");
    assert!(definition.is_some() && definition < recipe, "{}", up.err);
}

#[test]
fn what_should_be_there_and_is_not_ends_a_plan_and_a_run() {
    let user = Command::new("example-missing");
    let error = "error: Namespace/legacy is not in the cluster; needed by: ConfigMap/legacy/web (metadata.namespace)";
    let plan = user.run_program("adopt", &["plan", "legacy"]).expect(1);
    assert!(plan.out.contains(error), "{}", plan.out);
    assert!(plan.out.contains("1 missing"), "{}", plan.out);
    let up = user.run_program("adopt", &["up", "legacy"]).expect(1);
    assert!(up.err.contains(error), "{}", up.err);
    let nothing = "nothing was changed: objects that should be in the cluster and are not: 1";
    assert!(up.err.contains(nothing), "{}", up.err);
    let json = user
        .run_program("adopt", &["plan", "legacy", "--json"])
        .expect(1);
    let plan = json.out.lines().last().unwrap();
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
    assert_eq!(plan["missing"][0]["subject"]["name"], "legacy");
}

#[test]
fn what_kubectl_made_is_adopted_by_name() {
    let user = Command::new("example-adopt");
    let served = user.serve();
    served.apply(
        "kubectl",
        "/api/v1/namespaces/legacy",
        r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"legacy"}}"#,
    );
    let made = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web"},"data":{"greeting":"good day"}}"#;
    served.apply("kubectl", "/api/v1/namespaces/legacy/configmaps/web", made);

    let plan = user.run_program("adopt", &["plan", "legacy"]).expect(3);
    assert!(
        plan.out.contains("data.greeting") && plan.out.contains("kubectl"),
        "{}",
        plan.out
    );
    let _ = user
        .run_program("adopt", &["up", "legacy", "--adopt", "ConfigMap/web"])
        .expect(0);
    let again = user
        .run_program("adopt", &["plan", "legacy", "--detailed-exitcode"])
        .expect(0);
    assert!(again.out.contains("nothing to do"), "{}", again.out);
}
