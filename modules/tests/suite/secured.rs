//! Elasticsearch and Jaeger in a stack that speaks TLS: who is who, and who may do what.

use collector_config::{
    Config, Release,
    components::{
        auth::BasicAuth,
        elasticsearch::Elasticsearch as Exporter,
        jaeger::{JaegerQuery, JaegerStorage},
    },
};
use modules::{
    Collector, Elasticsearch, IndexRotation, Jaeger, JaegerInMemory, Tls,
    elasticsearch::ElasticsearchYml, logs,
};
use provider_core::Scope;
use serde_json::Value;

use crate::support::{files, graph, objects};

fn secured(scope: &mut Scope<'_>) {
    scope.add(Tls::generated());
    let search = scope.add(Elasticsearch::new("search").nodes(3));
    scope.add(Jaeger::new("jaeger", &search));
}

/// With everything that needs more rights.
fn rolled(scope: &mut Scope<'_>) {
    scope.add(Tls::generated());
    let search = scope.add(Elasticsearch::new("search").nodes(2).masters(3));
    let jaeger = Jaeger::new("jaeger", &search).rotation(IndexRotation::BySize);
    scope.add(jaeger.archive().metrics_from_spans());
}

fn workload(define: fn(&mut Scope<'_>), kind: &str, name: &str) -> Value {
    let objects = objects(define);
    let found = objects
        .iter()
        .find(|o| o["kind"] == kind && o["metadata"]["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {kind} `{name}`"))
        .clone()
}

fn file(define: fn(&mut Scope<'_>), owner: &str, name: &str) -> String {
    let files = files(define);
    let found = files.iter().find(|(config_map, file, _)| {
        let of = config_map.rsplit_once('-').map(|(of, _)| of);
        of == Some(owner) && file == name
    });
    found
        .unwrap_or_else(|| panic!("no {owner}/{name}"))
        .2
        .clone()
}

#[test]
fn members_know_each_other_by_their_certificates() {
    let yml: ElasticsearchYml =
        serde_saphyr::from_str(&file(secured, "search", "elasticsearch.yml")).unwrap();
    assert!(yml.security);
    assert_eq!((yml.transport_tls, yml.http_tls), (Some(true), Some(true)));
    assert_eq!(yml.transport_authorities, ["trust/ca.crt"]);
    let set = workload(secured, "StatefulSet", "search");
    let mounts = &set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"];
    for path in ["config/tls", "config/trust"] {
        // The program refuses to read certificates anywhere else.
        let path = format!("/usr/share/elasticsearch/{path}");
        let mounted = |mount: &Value| mount["mountPath"] == path;
        assert!(mounts.as_array().unwrap().iter().any(mounted), "{path}");
    }
}

#[test]
fn each_part_is_a_user_of_its_own() {
    let requests = file(rolled, "search-setup", "requests");
    let paths: Vec<&str> = requests
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    insta::assert_json_snapshot!(paths);
    let rights = |user: &str| -> Value {
        let name = format!("security-role-{user}.json");
        serde_json::from_str(&file(rolled, "search-setup", &name)).unwrap()
    };
    insta::assert_json_snapshot!(
        [
            "jaeger-writer",
            "jaeger-reader",
            "jaeger-indices",
            "search-metrics"
        ]
        .map(rights)
    );
}

#[test]
fn nobody_but_the_job_is_the_administrator() {
    for object in objects(rolled) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let text = object.to_string();
        let knows = text.contains("search-user-elastic") && object["kind"] != "Secret";
        // The program makes the user itself, with this password, when it starts for the first time.
        let may = ["search", "search-master", "search-setup"].contains(&name);
        assert!(!knows || may, "{name}");
    }
}

#[test]
fn a_password_is_read_from_a_file_of_the_secret_that_holds_it() {
    let config = Config::from_yaml(&file(secured, "jaeger-collector", "config.yaml")).unwrap();
    let storage: JaegerStorage = config.get(&"jaeger_storage".parse().unwrap()).unwrap();
    let backend = storage.backends["traces"].elasticsearch.clone().unwrap();
    let login = backend.auth.basic.unwrap();
    assert_eq!(login.username, "jaeger-writer");
    assert_eq!(backend.server_urls, ["https://search.test.svc:9200"]);
    assert_eq!(backend.tls.ca_file.unwrap(), "/etc/otelier/trust/ca.crt");
    let collector = workload(secured, "Deployment", "jaeger-collector");
    let spec = &collector["spec"]["template"]["spec"];
    let folder = login.password_file.strip_suffix("/password").unwrap();
    let mounts = spec["containers"][0]["volumeMounts"].as_array().unwrap();
    let volume = mounts
        .iter()
        .find(|mount| mount["mountPath"] == folder)
        .unwrap();
    let volumes = spec["volumes"].as_array().unwrap();
    let volume = volumes
        .iter()
        .find(|v| v["name"] == volume["name"])
        .unwrap();
    assert_eq!(volume["secret"]["secretName"], "search-user-jaeger-writer");
}

#[test]
fn every_secured_jaeger_is_one_that_the_program_starts() {
    let memory: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tls::generated().mutual());
        scope.add(JaegerInMemory::new("jaeger"));
    };
    for (define, owners) in [
        (
            secured as fn(&mut Scope<'_>),
            vec!["jaeger-collector", "jaeger-query"],
        ),
        (rolled, vec!["jaeger-collector", "jaeger-query"]),
        (memory, vec!["jaeger"]),
    ] {
        for owner in owners {
            let text = file(define, owner, "config.yaml");
            let config = Config::from_yaml(&text).unwrap();
            assert_eq!(config.check(Release::JAEGER), []);
            assert_eq!(config.to_yaml(Release::JAEGER), text);
        }
    }
    // Programs show a certificate where it is asked for; browsers have none.
    let text = file(memory, "jaeger", "config.yaml");
    assert_eq!(text.matches("client_ca_file").count(), 2);
    let config = Config::from_yaml(&text).unwrap();
    let query: JaegerQuery = config.get(&"jaeger_query".parse().unwrap()).unwrap();
    assert_eq!(query.http.unwrap().tls.unwrap().client_ca_file, None);
}

#[test]
fn whoever_asks_waits_until_there_is_such_a_user() {
    let graph = graph(secured).unwrap();
    for name in ["jaeger-collector", "jaeger-query", "search-metrics"] {
        let waiting = graph
            .resources()
            .find(|r| r.id.kind == "Deployment" && r.id.name == name);
        let waits: Vec<String> = waiting
            .unwrap()
            .depends_on
            .iter()
            .map(|id| id.name.clone())
            .collect();
        assert!(
            waits.contains(&"search-setup".to_owned()),
            "{name}: {waits:?}"
        );
    }
}

#[test]
fn a_password_in_another_namespace_is_a_finding() {
    let wrong = graph(|scope| {
        scope.add(Tls::generated());
        let search = scope.within("search", |scope| scope.add(Elasticsearch::new("search")));
        scope.add(Jaeger::new("jaeger", &search));
    });
    let findings = wrong.unwrap_err();
    let rules: Vec<&str> = findings.0.iter().map(|finding| finding.rule).collect();
    assert!(rules.contains(&"elasticsearch-namespace"), "{rules:?}");
}

fn logging(scope: &mut Scope<'_>) {
    scope.add(Tls::generated());
    let search = scope.add(Elasticsearch::new("search").nodes(3));
    for name in ["otlp", "edge"] {
        let gateway = Collector::gateway(name);
        scope.add(gateway.pipeline(logs().export(&search.logs)));
    }
    let source = search.log_source(scope);
    assert_eq!(source.uid(), "search");
}

#[test]
fn collectors_write_logs_as_one_who_may_do_nothing_else() {
    let config = Config::from_yaml(&file(logging, "otlp", "config.yaml")).unwrap();
    assert_eq!(config.check(Release::CONTRIB), []);
    let exporter: Exporter = config
        .get(&"elasticsearch/search".parse().unwrap())
        .unwrap();
    assert_eq!(exporter.endpoints, ["https://search.test.svc:9200"]);
    let login: BasicAuth = config.get(&exporter.auth.unwrap().authenticator).unwrap();
    let login = login.client_auth.unwrap();
    assert_eq!(login.username, "logs-writer");
    assert!(login.password.is_empty());
    for name in ["otlp", "edge"] {
        let text = workload(logging, "Deployment", name).to_string();
        assert!(text.contains("search-user-logs-writer"), "{name}");
    }
    let role = file(logging, "search-setup", "security-role-logs-writer.json");
    assert!(
        role.contains("create_doc") && !role.contains("\"read\""),
        "{role}"
    );
    let role = file(logging, "search-setup", "security-role-logs-reader.json");
    assert!(
        role.contains("\"read\"") && !role.contains("create"),
        "{role}"
    );
}
