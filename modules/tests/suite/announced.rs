//! Dashboards that are announced, and where they come to stand.

use std::path::Path;

use modules::{Dashboard, Grafana, grafana::Folder};
use provider_core::Scope;
use serde_json::json;

use crate::support::{files, graph, objects};

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    let messages = findings.0.into_iter().map(|finding| finding.message);
    messages.collect()
}

#[test]
fn what_is_announced_is_shown_whenever_it_was() {
    let define: fn(&mut Scope<'_>) = |scope| {
        scope.announce(Dashboard::new(
            Folder::Services,
            "early",
            "Early",
            json!({ "id": 7 }),
        ));
        scope.add(Grafana::new("grafana").folder("The shop"));
        let shop = Folder::Own("The shop".to_owned());
        scope.at_end(|scope| {
            scope.at_end(|scope| scope.announce(Dashboard::new(shop, "late", "Late", json!({}))));
        });
    };
    let dashboards: Vec<_> = files(define)
        .into_iter()
        .filter(|(_, name, _)| is_json(name))
        .collect();
    let part = |folder: &str, name: &str, text: &str| {
        (
            format!("grafana-dashboards-{folder}-0"),
            name.to_owned(),
            text.to_owned(),
        )
    };
    assert_eq!(
        dashboards,
        [
            part(
                "services",
                "early.json",
                r#"{"title":"Early","uid":"early"}"#
            ),
            part("the-shop", "late.json", r#"{"title":"Late","uid":"late"}"#),
        ]
    );
    let mounted = serde_json::to_string(&objects(define)).unwrap();
    assert!(mounted.contains("/etc/grafana/dashboards/the-shop"));
}

#[test]
fn a_folder_takes_more_than_one_config_map_holds_and_no_more_than_it_reads() {
    let parts = files(|scope| {
        scope.add(Grafana::new("grafana"));
        for uid in ["a", "b", "c"] {
            announce_large(scope, uid);
        }
    });
    let names: Vec<_> = parts
        .iter()
        .filter(|(_, name, _)| is_json(name))
        .map(|part| &part.0)
        .collect();
    assert_eq!(
        names,
        [
            "grafana-dashboards-cluster-0",
            "grafana-dashboards-cluster-1",
            "grafana-dashboards-cluster-2"
        ]
    );
    let found = messages(|scope| {
        scope.add(Grafana::new("grafana"));
        for uid in ["a", "b", "c", "d"] {
            announce_large(scope, uid);
        }
    });
    assert_eq!(
        found,
        ["the dashboards of the folder `Cluster` need 4 ConfigMaps, and `grafana` reads 3"]
    );
}

fn announce_large(scope: &mut Scope<'_>, uid: &str) {
    let text = "x".repeat(600_000);
    scope.announce(Dashboard::new(
        Folder::Cluster,
        uid,
        uid,
        json!({ "text": text }),
    ));
}

#[test]
fn a_dashboard_has_a_name_a_model_and_a_folder_that_is_there() {
    let found = messages(|scope| {
        scope.add(Grafana::new("grafana"));
        let shop = Folder::Own("Shop".to_owned());
        scope.announce(Dashboard::new(Folder::Services, "a", "One", json!({})));
        scope.announce(Dashboard::new(Folder::Services, "a", "Other", json!({})));
        scope.announce(Dashboard::new(Folder::Services, "b c", "None", json!([])));
        scope.announce(Dashboard::new(shop, "d", "Shop", json!({})));
    });
    assert_eq!(
        found,
        [
            "`b c` is no uid of a dashboard",
            "the Grafana `grafana` has no folder `Shop`",
            "the dashboard `None` has no model",
            "two dashboards have the uid `a`",
        ]
    );
}

fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "json")
}
