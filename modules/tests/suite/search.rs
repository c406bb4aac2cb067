//! Elasticsearch, and Jaeger on it, in all their forms.

use collector_config::{
    Config, Release,
    components::{elasticsearch::Elasticsearch as Exporter, queue::Sizer},
};
use modules::{
    Collector, Elasticsearch, IndexRotation, Jaeger, ObjectStore, Prometheus, Sampling,
    elasticsearch::ElasticsearchYml,
    logs,
    units::{GIB, days},
};
use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::Value;

use crate::support::{files, graph, objects, own_yaml};

fn archive(scope: &mut Scope<'_>) -> ObjectStore {
    let keys = scope.existing::<Secret>("archive-keys");
    ObjectStore::s3("archive")
        .endpoint("https://garage.example:3900")
        .region("garage")
        .prefix("search")
        .keys(&keys, "id", "key")
        .into()
}

fn large(scope: &mut Scope<'_>) {
    let store = archive(scope);
    let search = Elasticsearch::new("search").nodes(4).masters(3);
    let search = search.memory(8 * GIB).across_zones().formed();
    scope.add(search.snapshots(store, days(30)));
}

/// A Jaeger with everything that it can have.
fn full(scope: &mut Scope<'_>) {
    let search = scope.add(Elasticsearch::new("search").nodes(3));
    let prometheus = scope.add(Prometheus::new("prometheus"));
    let jaeger = Jaeger::new("jaeger", &search)
        .keep(days(14))
        .rotation(IndexRotation::BySize)
        .metrics(&prometheus.query)
        .sampling(Sampling::Adaptive {
            traces_per_second: 2.0,
        });
    let jaeger = scope.add(jaeger.archive().base_path("/jaeger"));
    assert!(jaeger.sampling.is_some());
}

fn counted(scope: &mut Scope<'_>) {
    let search = scope.add(Elasticsearch::new("search"));
    let jaeger = Jaeger::new("jaeger", &search).metrics_from_spans();
    scope.add(jaeger.sampling(Sampling::Share(0.1)));
}

fn named(objects: &[Value], kind: &str, name: &str) -> Value {
    let found = objects
        .iter()
        .find(|o| o["kind"] == kind && o["metadata"]["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {kind} `{name}`"))
        .clone()
}

#[test]
fn elasticsearch_with_masters_zones_and_snapshots() {
    insta::assert_snapshot!(own_yaml(large));
}

#[test]
fn jaeger_with_everything() {
    let own = |scope: &mut Scope<'_>| {
        let search = scope.within("search", |scope| {
            scope.add(Elasticsearch::new("search").formed())
        });
        let jaeger = Jaeger::new("jaeger", &search).rotation(IndexRotation::BySize);
        scope.add(jaeger.archive().base_path("/jaeger"));
    };
    let yaml = own_yaml(own);
    // The cluster itself is in a snapshot of its own.
    let parts = yaml
        .split("---\n")
        .filter(|part| !part.contains("kind: StatefulSet") && !part.contains("elasticsearch.yml"));
    insta::assert_snapshot!(parts.collect::<Vec<_>>().join("---\n"));
}

#[test]
fn every_jaeger_is_one_that_the_program_starts() {
    for define in [full as fn(&mut Scope<'_>), counted] {
        let mut seen = 0;
        for (owner, name, content) in files(define) {
            if !owner.starts_with("jaeger-") || name != "config.yaml" {
                continue;
            }
            let config = Config::from_yaml(&content).unwrap();
            assert_eq!(config.check(Release::JAEGER), []);
            assert_eq!(config.to_yaml(Release::JAEGER), content);
            seen += 1;
        }
        assert_eq!(seen, 2);
    }
}

#[test]
fn old_indices_go_in_one_way_and_not_in_two() {
    let cleans = |objects: &[Value]| objects.iter().any(|o| o["kind"] == "CronJob");
    let (by_size, daily) = (objects(full), objects(counted));
    assert!(!cleans(&by_size) && cleans(&daily));
    let requests = |define| {
        let files = files(define).into_iter();
        files
            .filter(|(_, name, _)| name == "requests")
            .map(|(_, _, text)| text)
            .collect::<String>()
    };
    assert_eq!(
        requests(full),
        "_ilm/policy/jaeger-traces\tilm-policy-jaeger-traces.json\t-\n"
    );
    assert_eq!(requests(counted), "");
}

#[test]
fn nobody_writes_before_the_indices_are_begun() {
    let graph = graph(full).unwrap();
    let order: Vec<String> = graph
        .resources()
        .map(|r| format!("{}/{}", r.id.kind, r.id.name))
        .collect();
    let place = |name: &str| order.iter().position(|id| id == name).unwrap();
    for (earlier, later) in [
        ("StatefulSet/search", "Job/search-setup"),
        ("Job/search-setup", "Job/jaeger-first-indices"),
        ("Job/jaeger-first-indices", "Deployment/jaeger-collector"),
        ("Job/jaeger-first-indices", "Deployment/jaeger-query"),
        (
            "Job/jaeger-archive-first-indices",
            "Deployment/jaeger-query",
        ),
    ] {
        assert!(place(earlier) < place(later), "{earlier} before {later}");
    }
}

#[test]
fn keys_of_a_bucket_are_seen_by_the_keystore_alone() {
    let objects = objects(large);
    for name in ["search", "search-master"] {
        let set = named(&objects, "StatefulSet", name);
        let spec = &set["spec"]["template"]["spec"];
        assert!(
            spec["initContainers"]
                .to_string()
                .contains("AWS_SECRET_ACCESS_KEY")
        );
        assert!(!spec["containers"].to_string().contains("AWS_"), "{name}");
    }
}

/// Whether a ConfigMap with a digest in its name belongs to that program.
fn is_of(config_map: &str, program: &str) -> bool {
    config_map
        .rsplit_once('-')
        .is_some_and(|(owner, _)| owner == program)
}

#[test]
fn only_masters_lead_where_there_are_some() {
    let roles = |owner: &str| {
        let files = files(large);
        let found = files
            .iter()
            .find(|(name, file, _)| is_of(name, owner) && file == "elasticsearch.yml");
        let yml: ElasticsearchYml = serde_saphyr::from_str(&found.unwrap().2).unwrap();
        assert_eq!(yml.seed_hosts, ["search-master-members"]);
        yml.node_roles.unwrap()
    };
    assert_eq!(roles("search-master"), ["master"]);
    assert_eq!(roles("search"), ["data", "ingest"]);
    let master = named(&objects(large), "StatefulSet", "search-master");
    assert_eq!(master["spec"]["replicas"], 3);
    let policy = named(
        &objects(large),
        "NetworkPolicy",
        "search-master-statefulset",
    );
    assert!(policy["spec"]["ingress"].to_string().contains("9300"));
}

#[test]
fn members_that_keep_data_come_after_those_that_lead() {
    let graph = graph(large).unwrap();
    let sets: Vec<&str> = graph
        .resources()
        .filter(|r| r.id.kind == "StatefulSet")
        .map(|r| r.id.name.as_str())
        .collect();
    assert_eq!(sets, ["search-master", "search"]);
    for policy in ["search-master-statefulset", "search-statefulset"] {
        let policy = named(&objects(large), "NetworkPolicy", policy);
        for side in ["ingress", "egress"] {
            let text = policy["spec"][side].to_string();
            assert!(
                text.contains("search-master") && text.contains("\"search\""),
                "{text}"
            );
        }
    }
}

#[test]
fn a_cluster_that_stops_when_one_leader_does_is_wrong() {
    let messages = |define| -> Vec<String> {
        let Err(findings) = graph(define) else {
            return Vec::new();
        };
        findings
            .0
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    };
    let two: fn(&mut Scope<'_>) = |scope| {
        scope.add(Elasticsearch::new("search").nodes(2).masters(2));
    };
    let three: fn(&mut Scope<'_>) = |scope| {
        scope.add(Elasticsearch::new("search").nodes(2).masters(3));
    };
    assert_eq!(
        messages(two),
        ["of the Elasticsearch `search`, 2 members may lead, and it stops when it loses one"]
    );
    assert_eq!(messages(three), Vec::<String>::new());
}

#[test]
fn what_a_bucket_deletes_too_early_is_wrong() {
    let wrong = graph(|scope| {
        let keys = scope.existing::<Secret>("archive-keys");
        let store = ObjectStore::s3("archive")
            .keys(&keys, "id", "key")
            .expire(days(7));
        scope.add(Elasticsearch::new("search").snapshots(store, days(30)));
    });
    assert_eq!(wrong.unwrap_err().0[0].rule, "bucket-expires");
}

#[test]
fn what_should_be_known_of_a_cluster_is_said() {
    let rules = |define| -> Vec<&'static str> {
        let graph = graph(define).unwrap();
        graph.notes().iter().map(|note| note.rule).collect()
    };
    let new: fn(&mut Scope<'_>) = |scope| {
        scope.add(Elasticsearch::new("search").nodes(3));
    };
    assert_eq!(
        rules(new),
        ["elasticsearch-bootstrap", "elasticsearch-snapshots"]
    );
    assert_eq!(rules(large), ["elasticsearch-voters"]);
}

#[test]
fn a_path_that_is_none_is_a_finding() {
    let wrong = graph(|scope| {
        let search = scope.add(Elasticsearch::new("search"));
        scope.add(Jaeger::new("jaeger", &search).base_path("jaeger"));
    });
    assert!(
        wrong.unwrap_err().0[0]
            .message
            .contains("`jaeger` is no path")
    );
}

#[test]
fn the_pair_is_one_that_the_makers_of_jaeger_support() {
    assert!(modules::image::JAEGER.tag.starts_with("2.20."));
    let of_jaeger = [
        modules::image::JAEGER_INDEX_CLEANER,
        modules::image::JAEGER_ROLLOVER,
    ];
    assert!(
        of_jaeger
            .iter()
            .all(|image| image.tag == modules::image::JAEGER.tag)
    );
    // Since July 2026: 9.x, and of 8 only 8.19.
    let supported = ["9.", "8.19."];
    assert!(
        supported
            .iter()
            .any(|line| modules::image::ELASTICSEARCH.tag.starts_with(line))
    );
}

/// Logs of a gateway in Elasticsearch.
fn logging(scope: &mut Scope<'_>) {
    let search = scope.add(Elasticsearch::new("search").nodes(3).keep_logs(days(90)));
    let gateway = Collector::gateway("otlp");
    scope.add(gateway.pipeline(logs().export(&search.logs)));
}

#[test]
fn logs_are_written_in_bulk_to_streams_with_a_policy() {
    let files = files(logging);
    let text = |file: &str| {
        let found = files.iter().find(|(_, name, _)| name == file);
        found.unwrap_or_else(|| panic!("no `{file}`")).2.clone()
    };
    let config = Config::from_yaml(&text("config.yaml")).unwrap();
    assert_eq!(config.check(Release::CONTRIB), []);
    let exporter: Exporter = config
        .get(&"elasticsearch/search".parse().unwrap())
        .unwrap();
    assert_eq!(exporter.endpoints, ["http://search.test.svc:9200"]);
    let queue = exporter.sending_queue.unwrap();
    assert_eq!(queue.sizer, Sizer::Bytes);
    assert_eq!(
        text("requests"),
        "_ilm/policy/collected-logs\tilm-policy-collected-logs.json\t-\n\
         _component_template/logs-otel@custom\tcomponent-template-logs-otel-custom.json\t-\n"
    );
    insta::assert_snapshot!(text("ilm-policy-collected-logs.json"));
    insta::assert_snapshot!(text("component-template-logs-otel-custom.json"));
}

#[test]
fn nobody_sends_logs_before_there_is_a_policy_for_them() {
    let graph = graph(logging).unwrap();
    let gateway = graph
        .resources()
        .find(|r| r.id.kind == "Deployment" && r.id.name == "otlp")
        .unwrap();
    let waits: Vec<String> = gateway.depends_on.iter().map(ToString::to_string).collect();
    assert!(
        waits.iter().any(|id| id.contains("search-setup")),
        "{waits:?}"
    );
    let objects = objects(logging);
    let image = named(&objects, "Deployment", "otlp");
    let image = &image["spec"]["template"]["spec"]["containers"][0]["image"];
    assert!(image.as_str().unwrap().contains("collector-contrib:"));
}

#[test]
fn a_cluster_that_nobody_logs_to_is_asked_for_nothing() {
    let objects = objects(counted);
    assert!(objects.iter().all(|o| o["kind"] != "Job"));
}

#[test]
fn a_cluster_is_measured_by_a_program_beside_it() {
    let objects = objects(|scope| {
        let keys = scope.existing::<Secret>("archive-keys");
        let store = ObjectStore::s3("archive").keys(&keys, "id", "key");
        scope.add(Prometheus::new("prometheus"));
        scope.add(Elasticsearch::new("search").snapshots(store, days(30)));
    });
    let exporter = named(&objects, "Deployment", "search-metrics");
    let args = &exporter["spec"]["template"]["spec"]["containers"][0]["args"];
    for arg in ["--es.uri=http://search.test.svc:9200", "--collector.slm"] {
        assert!(args.as_array().unwrap().contains(&arg.into()), "{args}");
    }
    let policy = named(&objects, "NetworkPolicy", "search-metrics-deployment");
    assert!(policy["spec"]["ingress"].to_string().contains("prometheus"));
}

#[test]
fn the_part_of_jaeger_that_writes_can_be_scaled_by_the_cluster() {
    let scaled: fn(&mut Scope<'_>) = |scope| {
        let search = scope.add(Elasticsearch::new("search"));
        scope.add(Jaeger::new("jaeger", &search).autoscale(2..=6));
    };
    let scaler = named(
        &objects(scaled),
        "HorizontalPodAutoscaler",
        "jaeger-collector",
    );
    assert_eq!(scaler["spec"]["maxReplicas"], 6);
    let wrong = graph(|scope| {
        let search = scope.add(Elasticsearch::new("search"));
        scope.add(Jaeger::new("jaeger", &search).autoscale(3..=3));
    });
    assert_eq!(wrong.unwrap_err().0[0].rule, "autoscale-range");
}
