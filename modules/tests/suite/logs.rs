//! Loki: what it is made of, and which mistakes it finds.

use modules::{
    Collector, Loki, LokiOutputs, ObjectStore, Tls, logs,
    loki::{Day, InBucket, Keeps, LokiYaml, OneTenant, Period, Schema},
    units::{GIB, days},
};
use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::Value;

use crate::support::{files, graph, objects, own_yaml};

fn bucket(scope: &mut Scope<'_>) -> ObjectStore {
    let keys = scope.existing::<Secret>("bucket-keys");
    let store = ObjectStore::s3("logs").endpoint("https://garage.example:3900");
    store
        .region("garage")
        .prefix("loki")
        .keys(&keys, "id", "key")
        .into()
}

fn shared(scope: &mut Scope<'_>) -> Loki<InBucket> {
    let bucket = bucket(scope);
    Loki::new("loki").bucket(bucket)
}

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    findings
        .0
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn notes(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let graph = graph(define).unwrap();
    graph
        .notes()
        .iter()
        .map(|note| note.message.clone())
        .collect()
}

fn settings(define: fn(&mut Scope<'_>)) -> LokiYaml {
    let file = files(define)
        .into_iter()
        .find(|(_, name, _)| name == "loki.yaml");
    serde_saphyr::from_str(&file.unwrap().2).unwrap()
}

#[test]
fn three_processes_share_a_bucket() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let loki = shared(scope).keep(days(90)).memory(4 * GIB);
        scope.add(loki);
    }));
}

#[test]
fn one_process_keeps_logs_in_a_bucket_of_googles() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let bucket = ObjectStore::gcs("logs").account("loki@shop.iam.gserviceaccount.com");
        let loki = Loki::new("loki").bucket(bucket).replicas(1).tenants();
        scope.add(loki.ingest(32).label("shop.floor"));
    }));
}

#[test]
fn processes_reach_each_other_and_nobody_else_reaches_them_there() {
    let objects = objects(|scope| {
        let loki = shared(scope);
        scope.add(loki);
    });
    let policy = |object: &&Value| {
        object["kind"] == "NetworkPolicy" && object["metadata"]["name"] == "loki-statefulset"
    };
    let policy = objects.iter().find(policy).unwrap();
    let ports = |way: &str| -> Vec<(u64, bool)> {
        let rules = policy["spec"][way].as_array().unwrap().iter();
        let peer = |rule: &Value| {
            if way == "ingress" {
                rule["from"].clone()
            } else {
                rule["to"].clone()
            }
        };
        rules
            .filter(|rule| {
                peer(rule)
                    .to_string()
                    .contains("\"app.kubernetes.io/name\":\"loki\"")
            })
            .flat_map(|rule| rule["ports"].as_array().unwrap().clone())
            .map(|port| (port["port"].as_u64().unwrap(), port["protocol"] == "TCP"))
            .collect()
    };
    for way in ["ingress", "egress"] {
        let mut ports = ports(way);
        ports.sort_unstable();
        assert_eq!(ports, [(7946, true), (9095, true)], "{way}");
    }
}

#[test]
fn members_are_listed_before_they_are_ready() {
    let objects = objects(|scope| {
        let loki = shared(scope);
        scope.add(loki);
    });
    let find = |kind: &str, name: &str| -> &Value {
        let wanted = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
        objects.iter().find(wanted).unwrap()
    };
    let members = &find("Service", "loki-members")["spec"];
    assert_eq!(members["publishNotReadyAddresses"], true);
    assert_eq!(members["clusterIP"], "None");
    let set = &find("StatefulSet", "loki")["spec"];
    assert_eq!(set["podManagementPolicy"], "Parallel");
    find("PodDisruptionBudget", "loki");
}

#[test]
fn one_process_needs_nobody() {
    let loki = settings(|scope| {
        scope.add(Loki::new("loki"));
    });
    assert_eq!(loki.common.ring.kvstore.store, "inmemory");
    assert_eq!((loki.memberlist, loki.common.replication_factor), (None, 1));
    assert!(!loki.storage_config.use_thanos_objstore);
}

#[test]
fn three_hold_each_line_and_more_do_not_hold_more() {
    for (replicas, copies) in [(1, 1), (3, 3), (5, 3)] {
        let define: fn(&mut Scope<'_>) = match replicas {
            1 => |scope| drop(add(scope, 1)),
            3 => |scope| drop(add(scope, 3)),
            _ => |scope| drop(add(scope, 5)),
        };
        assert_eq!(
            settings(define).common.replication_factor,
            copies,
            "{replicas}"
        );
    }
}

fn add(scope: &mut Scope<'_>, replicas: u32) -> LokiOutputs<OneTenant> {
    let loki = shared(scope).replicas(replicas);
    scope.add(loki)
}

#[test]
fn two_replicas_are_no_quorum() {
    let two = "the Loki `loki` has two replicas, and stops when it loses either";
    assert_eq!(messages(|scope| drop(add(scope, 2))), [two]);
    assert_eq!(
        messages(|scope| drop(add(scope, 0))),
        ["the Loki `loki` has no replicas"]
    );
    assert!(graph(|scope| drop(add(scope, 3))).is_ok());
}

#[test]
fn a_label_is_nothing_that_a_pod_takes_with_it() {
    let found = messages(|scope| {
        scope.add(Loki::new("loki").label("k8s.pod.name"));
    });
    assert_eq!(
        found,
        ["the Loki `loki` makes a label of `k8s.pod.name`, of which each Pod has its own"]
    );
    let found = messages(|scope| {
        let loki = ["a", "b", "c", "d", "e"]
            .into_iter()
            .fold(Loki::new("loki"), Loki::label);
        scope.add(loki);
    });
    assert_eq!(
        found,
        ["the Loki `loki` makes 16 labels, and refuses lines with more than 15"]
    );
    assert!(graph(|scope| drop(scope.add(Loki::new("loki").label("a")))).is_ok());
}

#[test]
fn a_bucket_must_not_delete_what_is_still_kept() {
    let found = messages(|scope| {
        let bucket = ObjectStore::gcs("logs").identity().expire(days(30));
        scope.add(Loki::new("loki").keep(days(90)).bucket(bucket));
    });
    assert_eq!(
        found,
        ["the bucket `logs` deletes after 30 days what `loki` keeps for 90"]
    );
}

#[test]
fn periods_are_appended_and_each_has_somewhere_to_lie() {
    let new = Day::new(2027, 1, 15);
    assert_eq!(new.to_string(), "2027-01-15");
    let found = messages(|scope| {
        let same = Period::from(Day::new(2027, 1, 15), Keeps::Disk);
        let older = Period::from(Day::new(2026, 2, 29), Keeps::Bucket).schema(Schema::V12);
        scope.add(Loki::new("loki").periods([same, older]));
    });
    assert_eq!(
        found,
        [
            "the Loki `loki`: lines of OTLP need the layout v13",
            "the Loki `loki`: the period from 2026-02-29 comes after that from 2027-01-15",
            "the Loki `loki`: the period from 2026-02-29 is in a bucket, and there is none",
            "the Loki `loki`: there is no day 2026-02-29",
        ]
    );
    let found = messages(|scope| {
        let loki = shared(scope);
        scope.add(loki.periods([Period::from(Day::new(2024, 4, 1), Keeps::Disk)]));
    });
    assert_eq!(
        found,
        ["the Loki `loki`: the period from 2024-04-01 is on one disk of 3"]
    );
    let found = messages(|scope| {
        scope.add(Loki::new("loki").periods([]));
    });
    assert_eq!(found, ["the Loki `loki`: it has no period"]);
}

#[test]
fn a_new_period_is_noted_with_its_day() {
    let moved: fn(&mut Scope<'_>) = |scope| {
        let loki = shared(scope).replicas(1);
        scope.add(loki.periods([
            Period::from(Day::new(2024, 4, 1), Keeps::Disk),
            Period::from(Day::new(2027, 1, 15), Keeps::Bucket),
        ]));
    };
    let periods = settings(moved).schema_config.configs;
    let stores: Vec<_> = periods
        .iter()
        .map(|period| period.object_store.as_str())
        .collect();
    assert_eq!(stores, ["filesystem", "s3"]);
    assert_eq!(
        notes(moved),
        [
            "the newest period of the Loki `loki` begins on 2027-01-15 at 00:00 UTC: if it is new, apply it before"
        ]
    );
    assert_eq!(notes(|scope| drop(add(scope, 3))), [""; 0]);
    let alone = notes(|scope| drop(scope.add(Loki::new("loki"))));
    assert_eq!(
        alone,
        ["the logs of `loki` lie on one volume, and nothing copies them"]
    );
}

#[test]
fn the_logs_of_tenants_are_sent_apart() {
    let config = files(|scope| {
        let loki = scope.add(Loki::new("loki").tenants());
        let gateway = Collector::gateway("otlp");
        scope.add(
            gateway
                .pipeline(logs().export_as(&loki.otlp, "shop"))
                .pipeline(logs().export_as(&loki.otlp, "bank")),
        );
    })
    .into_iter()
    .find(|(_, name, _)| name == "config.yaml")
    .unwrap()
    .2;
    let config: Value = serde_saphyr::from_str(&config).unwrap();
    for tenant in ["shop", "bank"] {
        let exporter = &config["exporters"][format!("otlp_http/loki-{tenant}")];
        assert_eq!(exporter["headers"]["X-Scope-OrgID"], tenant, "{config}");
    }
}

#[test]
fn where_a_stack_speaks_tls_so_do_processes_with_each_other() {
    let secured: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tls::generated());
        let loki = shared(scope);
        let loki = scope.add(loki);
        assert_eq!(loki.query.url(), "https://loki.test.svc:3100");
    };
    let loki = settings(secured);
    insta::assert_snapshot!(serde_saphyr::to_string(&loki).unwrap());
    assert_eq!(loki.server.http_tls_config, loki.server.grpc_tls_config);
    let between = loki.memberlist.unwrap().tls.unwrap();
    assert_eq!(between.tls_server_name, "loki-members.test.svc");
    assert_eq!(loki.compactor_grpc_client, Some(between.clone()));
    for client in [loki.ingester_client, loki.frontend, loki.query_scheduler] {
        assert_eq!(client.unwrap().grpc_client_config, between);
    }
    let objects = objects(secured);
    let set = objects
        .iter()
        .find(|object| object["kind"] == "StatefulSet")
        .unwrap();
    let container = &set["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["readinessProbe"]["httpGet"]["scheme"], "HTTPS");
    let alone = settings(|scope| {
        scope.add(Tls::generated());
        scope.add(Loki::new("loki"));
    });
    assert_eq!(
        alone.server.grpc_listen_address.as_deref(),
        Some("127.0.0.1")
    );
    assert!(alone.server.http_tls_config.is_some() && alone.ingester_client.is_none());
}
