//! Do Prometheus and Alertmanager accept what we write for them?

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};
use support::{Command, peers};

use super::containers;
use crate::alerts::{cases, rule_files, scaling, scaling_files};

#[test]
fn prometheus_accepts_its_configuration_and_its_rules() {
    let containers = containers("prom/prometheus");
    assert!(!containers.is_empty(), "no stack runs Prometheus");
    for (stack, container) in containers {
        let config = container
            .argument("--config.file")
            .expect("Prometheus is told its configuration");
        let (accepted, said) =
            peers::run(peers::peer("promtool").args(["check", "config", "--lint=none", config]));
        assert!(accepted, "{} of {stack}: {said}", container.workload);
    }
}

#[test]
fn alertmanager_accepts_its_configuration() {
    let containers = containers("prom/alertmanager");
    assert!(!containers.is_empty(), "no stack runs Alertmanager");
    for (stack, container) in containers {
        let config = container
            .argument("--config.file")
            .expect("Alertmanager is told its configuration");
        let (accepted, said) = peers::run(peers::peer("amtool").args(["check-config", config]));
        assert!(accepted, "{} of {stack}: {said}", container.workload);
    }
}

#[test]
fn what_they_say_of_their_own_tls_is_accepted() {
    let mut judged = BTreeSet::new();
    for repository in ["prom/prometheus", "prom/alertmanager"] {
        for (stack, container) in containers(repository) {
            let Some(config) = container.argument("--web.config.file") else {
                continue; // in the open
            };
            let mut promtool = peers::peer("promtool");
            let (accepted, said) = peers::run(promtool.args(["check", "web-config", config]));
            assert!(accepted, "{} of {stack}: {said}", container.workload);
            judged.insert(repository);
        }
    }
    assert_eq!(judged.len(), 2, "{judged:?}");
}

/// promtool's own form of one case: with these series, so many of these alerts fire after two hours.
fn unit_test(alert: &str, series: cases::Series, fires: bool) -> Value {
    let input = series
        .iter()
        .map(|(series, values)| json!({ "series": series, "values": values }));
    let samples = if fires {
        json!([{ "labels": "{}", "value": 1 }])
    } else {
        json!([])
    };
    let firing = format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}");
    json!({
        "name": format!("{alert} {}", if fires { "fires" } else { "is silent" }),
        "interval": "1m",
        "input_series": input.collect::<Vec<_>>(),
        "promql_expr_test": [{ "expr": format!("count({firing}) > bool 0"), "eval_time": "2h", "exp_samples": samples }],
    })
}

/// The rule files in which an alert can fire: its own, and those that record what it may ask for.
fn files_for<'a>(alert: &str, files: &'a [(String, String)]) -> Vec<&'a String> {
    let with = |text: &str, key: &str| text.contains(key);
    let named = format!("alert: {alert}\n");
    let needed = files
        .iter()
        .filter(|(_, text)| with(text, &named) || with(text, "record: "));
    needed.map(|(name, _)| name).collect()
}

#[test]
fn every_alert_fires_when_it_should_and_is_silent_when_it_should() {
    let user = Command::new("alerts");
    let files = rule_files();
    for (name, text) in &files {
        fs::write(user.folder().join(name), text).unwrap();
    }
    // Every test works out all rules that it is given.
    let mut tests: BTreeMap<Vec<&String>, Vec<Value>> = BTreeMap::new();
    for case in cases::all() {
        let both = tests.entry(files_for(case.alert, &files)).or_default();
        both.push(unit_test(case.alert, case.fires, true));
        both.push(unit_test(case.alert, case.silent, false));
    }
    for (number, (files, tests)) in tests.into_iter().enumerate() {
        let tests = json!({ "rule_files": files, "evaluation_interval": "1m", "tests": tests });
        let path = user.folder().join(format!("{number}.test.yml"));
        fs::write(&path, tests.to_string()).unwrap();
        let (passed, said) = peers::run(peers::peer("promtool").args(["test", "rules"]).arg(path));
        assert!(passed, "{files:?}: {said}");
    }
}

#[test]
fn what_gateways_are_scaled_by_is_what_it_should_be() {
    let user = Command::new("scaling");
    let files = scaling_files();
    assert_eq!(files.len(), 2);
    for (name, text) in &files {
        fs::write(user.folder().join(name), text).unwrap();
    }
    let files: Vec<&String> = files.iter().map(|(name, _)| name).collect();
    let tests: Vec<Value> = scaling::ALL.iter().map(scaling_test).collect();
    let tests = json!({ "rule_files": files, "evaluation_interval": "1m", "tests": tests });
    let path = user.folder().join("scaling.test.yml");
    fs::write(&path, tests.to_string()).unwrap();
    let (passed, said) = peers::run(peers::peer("promtool").args(["test", "rules"]).arg(path));
    assert!(passed, "{said}");
}

/// promtool's own form of one case: with these series, the cluster is shown this after an hour.
fn scaling_test(case: &scaling::Case) -> Value {
    let input = case.series.iter();
    let input = input.map(|(series, values)| json!({ "series": series, "values": values }));
    let samples = case.expected.iter();
    let samples = samples.map(|(labels, value)| json!({ "labels": labels, "value": value }));
    json!({
        "name": case.name,
        "interval": "1m",
        "input_series": input.collect::<Vec<_>>(),
        "promql_expr_test": [{
            "expr": case.asked,
            "eval_time": "1h",
            "exp_samples": samples.collect::<Vec<_>>(),
        }],
    })
}
