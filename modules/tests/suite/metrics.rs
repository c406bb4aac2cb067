//! Prometheus in several, with what stands around it; and Alertmanager.

use modules::{
    Alertmanager, Collector, Prometheus, Rules, Spread, VictoriaMetrics,
    alertmanager::{AlertmanagerYml, Inhibition, Matcher, Receiver, Route, Smtp},
    metrics,
    prometheus::{Histograms, Measures, PrometheusYml},
    protocol::{Http, PromQl, RemoteWrite},
    units::{GIB, days},
};
use provider_core::{Endpoint, Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::Value;

use crate::support::{files, graph, objects, own_yaml};

/// Everything that a server can be linked to.
fn pair(scope: &mut Scope<'_>) {
    let alertmanager = scope.add(Alertmanager::new("alertmanager").tell_nobody());
    let archive: Endpoint<RemoteWrite> = Endpoint::outside("archive.example", 9090);
    let shard: Endpoint<PromQl> = Endpoint::outside("shard.example", 9090);
    let prometheus = Prometheus::new("prometheus")
        .replicas(2)
        .spread(Spread::Required)
        .keep(days(30))
        .active_series(2_000_000)
        .promote("team.name")
        .histograms(Histograms::Both)
        .alerts(&alertmanager.alerts)
        .forward(&archive)
        .federate(&shard, ["service:requests:rate5m"]);
    let prometheus = scope.add(prometheus);
    let gateway = Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp));
    scope.add(gateway);
}

fn on_call(scope: &mut Scope<'_>) {
    let keys = scope.existing::<Secret>("on-call");
    let hook: Endpoint<Http> = Endpoint::outside("tickets.example", 8443);
    let alertmanager = Alertmanager::new("alertmanager")
        .shown_at("https://alerts.example")
        .smtp(Smtp::new("mail.example", 587, "alerts@example").login("alerts", &keys, "mail"))
        .send(
            Receiver::new("team")
                .slack("#alerts", &keys, "slack")
                .email("team@example"),
        )
        .route(
            Route::to(Receiver::new("on-call").pagerduty(&keys, "pagerduty"))
                .when(Matcher::is("severity", "critical"))
                .repeat(1)
                .and_go_on(),
        )
        .route(
            Route::to(
                Receiver::new("tickets")
                    .webhook(&hook, "/alerts")
                    .teams(&keys, "teams"),
            )
            .when(Matcher::matches("team", "shop|bank"))
            .group_by("team"),
        )
        .inhibit(
            Inhibition::while_there_is(Matcher::is("alertname", "NodeDown"))
                .leave_out(Matcher::is("severity", "warning"))
                .of_the_same("node"),
        );
    scope.add(alertmanager);
}

#[test]
fn prometheus_in_two_with_all_its_links() {
    insta::assert_snapshot!(file(pair, "prometheus.yml"));
}

#[test]
fn alertmanager() {
    insta::assert_snapshot!(own_yaml(on_call));
}

#[test]
fn alertmanager_alone() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Alertmanager::new("alertmanager").replicas(1).tell_nobody());
    }));
}

fn file(define: fn(&mut Scope<'_>), wanted: &str) -> String {
    let all = files(define).into_iter();
    let mut found = all.filter(|(_, file, _)| file == wanted);
    found.next().unwrap().2
}

fn object(define: fn(&mut Scope<'_>), kind: &str, name: &str) -> Value {
    let wanted = |o: &Value| o["kind"] == kind && o["metadata"]["name"] == name;
    objects(define).into_iter().find(wanted).unwrap()
}

#[test]
fn files_are_read_back_by_the_types_that_they_were_written_from() {
    let text = file(pair, "prometheus.yml");
    let read: PrometheusYml = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(serde_saphyr::to_string(&read).unwrap(), text);
    let text = file(on_call, "alertmanager.yml");
    let read: AlertmanagerYml = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(serde_saphyr::to_string(&read).unwrap(), text);
}

#[test]
fn who_pushes_sends_to_each_replica_and_who_alerts_tells_each_member() {
    let collector = file(pair, "config.yaml");
    for replica in 0..2 {
        let host = format!("prometheus-{replica}.prometheus-headless.test.svc:9090");
        assert!(collector.contains(&format!("otlp_http/prometheus-{replica}:")));
        assert!(collector.contains(&format!("endpoint: http://{host}/api/v1/otlp")));
    }
    let prometheus = file(pair, "prometheus.yml");
    for member in 0..3 {
        let host = format!("alertmanager-{member}.alertmanager-headless.test.svc:9093");
        assert!(prometheus.contains(&host));
    }
    // What tells replicas apart must not make two alerts of one.
    assert!(prometheus.contains("- regex: prometheus_replica\n    action: labeldrop"));
    assert!(prometheus.contains("prometheus_replica: ${POD_NAME}"));
    assert!(prometheus.contains("__name__=\\\"service:requests:rate5m"));
    assert!(prometheus.contains("honor_labels: true"));
}

#[test]
fn replicas_are_kept_apart_and_questions_stay_with_one() {
    let set = object(pair, "StatefulSet", "prometheus");
    let pod = &set["spec"]["template"]["spec"];
    let spread = &pod["topologySpreadConstraints"];
    assert_eq!(spread[0]["whenUnsatisfiable"], "DoNotSchedule");
    assert_eq!(spread[1]["whenUnsatisfiable"], "ScheduleAnyway");
    let service = object(pair, "Service", "prometheus");
    assert_eq!(service["spec"]["sessionAffinity"], "ClientIP");
    // Memory and disk follow from two million series, each asked every half minute.
    assert_eq!(
        pod["containers"][0]["resources"]["limits"]["memory"],
        "12800Mi"
    );
    let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"];
    assert_eq!(claim["resources"]["requests"]["storage"], "403Gi");
    object(pair, "PodDisruptionBudget", "prometheus");
}

#[test]
fn a_mesh_gossips_over_both_transports_and_one_member_does_not() {
    let policy = object(pair, "NetworkPolicy", "alertmanager-statefulset").to_string();
    for transport in ["TCP", "UDP"] {
        let port = format!("{{\"port\":9094,\"protocol\":\"{transport}\"}}");
        assert_eq!(policy.matches(&port).count(), 2, "{policy}");
    }
    let service = object(pair, "Service", "alertmanager-headless").to_string();
    assert!(service.contains("\"UDP\"") && service.contains("publishNotReadyAddresses"));
    let alone: fn(&mut Scope<'_>) = |scope| {
        scope.add(Alertmanager::new("alertmanager").replicas(1).tell_nobody());
    };
    let policy = object(alone, "NetworkPolicy", "alertmanager-statefulset").to_string();
    assert!(!policy.contains("9094"));
    assert_eq!(graph(alone).unwrap().notes()[0].rule, "alertmanager-alone");
}

#[test]
fn a_server_that_looks_at_others_measures_and_judges_nothing_else() {
    let two: fn(&mut Scope<'_>) = |scope| {
        let shard = scope.add(Prometheus::new("shard"));
        scope.announce(Rules::new("shop.yml", "groups: []"));
        let global = Prometheus::new("global")
            .take_nothing()
            .measures(Measures::Itself)
            .rules(Rules::new("global.yml", "groups: []"))
            .federate(&shard.query, ["service:requests:rate5m"]);
        scope.add(global);
    };
    let of = |owner: &str| {
        let scraped = object(two, "ConfigMap", &format!("{owner}-scrape"));
        let rules = object(two, "ConfigMap", &format!("{owner}-rules"));
        let jobs = scraped["data"]["stack.yml"]
            .as_str()
            .unwrap()
            .matches("job_name")
            .count();
        (
            jobs,
            rules["data"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    let (jobs, rules) = of("shard");
    assert_eq!(jobs, 2);
    assert!(rules.contains(&"shop.yml".to_owned()) && rules.contains(&"programs.yml".to_owned()));
    assert_eq!(of("global"), (1, vec!["global.yml".to_owned()]));
    let args = |name: &str| {
        let set = object(two, "StatefulSet", name);
        set["spec"]["template"]["spec"]["containers"][0]["args"].to_string()
    };
    assert!(args("shard").contains("otlp-receiver") && !args("shard").contains("remote-write"));
    assert!(!args("global").contains("receiver"));
}

fn found(define: fn(&mut Scope<'_>)) -> Vec<(&'static str, String)> {
    let findings = graph(define).unwrap_err().0.into_iter();
    findings
        .map(|finding| (finding.rule, finding.message))
        .collect()
}

#[test]
fn a_server_that_cannot_hold_its_load_is_found_and_told_what_would_do() {
    let findings = graph(|scope| {
        let prometheus = Prometheus::new("prometheus")
            .keep(days(30))
            .active_series(1_000_000);
        scope.add(prometheus.memory(4 * GIB).storage(100 * GIB));
    })
    .unwrap_err();
    let hints: Vec<_> = findings
        .0
        .iter()
        .map(|f| (f.rule, f.hint.clone().unwrap()))
        .collect();
    assert_eq!(
        hints,
        [
            ("disk-too-small", "`storage(202 * GIB)` would do".to_owned()),
            (
                "memory-too-small",
                "`memory(6912 * MIB)` would do".to_owned()
            ),
        ]
    );
    graph(|scope| {
        let prometheus = Prometheus::new("prometheus")
            .keep(days(30))
            .active_series(1_000_000);
        scope.add(prometheus.memory(8 * GIB).storage(202 * GIB));
    })
    .unwrap();
}

#[test]
fn alerts_are_told_to_each_member_and_not_to_one_address() {
    let one = found(|scope| {
        let alertmanager = scope.add(Alertmanager::new("alertmanager").tell_nobody());
        scope.add(Prometheus::new("prometheus").alerts(&alertmanager.query));
    });
    assert_eq!(one[0].0, "alerts-to-one-member");
    graph(pair).unwrap();
}

#[test]
fn alerts_that_nobody_is_told_of_are_noted() {
    let noted = |define: fn(&mut Scope<'_>)| {
        let graph = graph(define).unwrap();
        let rules = graph.notes().iter().map(|note| note.rule);
        rules
            .filter(|rule| *rule == "alerts-only-looked-at")
            .count()
    };
    assert_eq!(noted(pair), 1);
    let everything: fn(&mut Scope<'_>) = |scope| {
        scope.add(Alertmanager::new("alerts").send(team()));
    };
    assert_eq!(noted(everything), 0);
    let some: fn(&mut Scope<'_>) = |scope| {
        let critical = Route::to(team()).when(Matcher::is("severity", "critical"));
        scope.add(Alertmanager::new("alerts").tell_nobody().route(critical));
    };
    assert_eq!(noted(some), 0);
}

fn team() -> Receiver {
    let hook: Endpoint<Http> = Endpoint::outside("tickets.example", 8443);
    Receiver::new("team").webhook(&hook, "/alerts")
}

#[test]
fn nothing_runs_without_a_replica() {
    for define in [
        (|scope| {
            scope.add(Prometheus::new("p").replicas(0));
        }) as fn(&mut Scope<'_>),
        |scope| {
            scope.add(Alertmanager::new("a").replicas(0).tell_nobody());
        },
        |scope| {
            scope.add(VictoriaMetrics::cluster("v").doors(0, 1));
        },
    ] {
        assert_eq!(found(define)[0].0, "no-replicas");
    }
}

#[test]
fn two_that_measure_everything_are_noted() {
    let notes = |define: fn(&mut Scope<'_>)| -> Vec<_> {
        let graph = graph(define).unwrap();
        graph.notes().iter().map(|note| note.rule).collect()
    };
    let twice = notes(|scope| {
        scope.add(Prometheus::new("prometheus"));
        scope.add(VictoriaMetrics::single("metrics"));
    });
    assert_eq!(twice, ["measured-twice"]);
    let once = notes(|scope| {
        scope.add(Prometheus::new("prometheus"));
        scope.add(VictoriaMetrics::single("metrics").measures(Measures::Itself));
    });
    assert_eq!(once, [""; 0]);
}

#[test]
fn raw_series_are_not_federated() {
    let raw = found(|scope| {
        let shard: Endpoint<PromQl> = Endpoint::outside("shard.example", 9090);
        scope.add(Prometheus::new("global").federate(&shard, ["up", "job:x:sum", "a:{b}"]));
    });
    let rules: Vec<_> = raw.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["federated-raw-series", "federated-raw-series"]);
}

#[test]
fn nobody_told_is_found_unless_it_is_meant() {
    for (define, rules) in [
        (
            (|scope| {
                scope.add(Alertmanager::new("a"));
            }) as fn(&mut Scope<'_>),
            vec!["alerts-to-nobody"],
        ),
        (
            |scope| {
                scope.add(Alertmanager::new("a").send(Receiver::new("team")));
            },
            vec!["alerts-to-nobody"],
        ),
        (
            |scope| {
                scope.add(Alertmanager::new("a").send(Receiver::new("team").email("t@example")));
            },
            vec!["mail-without-server"],
        ),
        (
            |scope| {
                let keys = scope.existing::<Secret>("keys");
                let team = |channel| Receiver::new("team").slack(channel, &keys, "url");
                let route = Route::to(team("#b")).when(Matcher::is("not a label", "x"));
                scope.add(Alertmanager::new("a").send(team("#a")).route(route));
            },
            vec!["alert-label", "receiver-twice"],
        ),
    ] {
        let mut found: Vec<_> = found(define).into_iter().map(|(rule, _)| rule).collect();
        found.sort_unstable();
        assert_eq!(found, rules);
    }
    graph(on_call).unwrap();
    graph(|scope| {
        scope.add(Alertmanager::new("a").tell_nobody());
    })
    .unwrap();
}
