//! Grafana: sources, links, dashboards, logins, and what it keeps where.

use modules::{
    Elasticsearch, Grafana, Jaeger, Loki, ObjectStore, Oidc, Postgres, Prometheus, Tls,
    grafana::{DatasourcesYaml, Source},
    loki::TenantLogQl,
    postgres::{Database, Dump, Encryption},
    protocol::{AlertmanagerApi, ElasticsearchApi, JaegerQuery, LogQl, PromQl, TempoQuery},
};
use provider_core::{Endpoint, Scope, Security, k8s_openapi::api::core::v1::Secret};
use serde_json::{Value, json};

use crate::support::{files, graph, objects, own_yaml};

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    findings
        .0
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn file(define: fn(&mut Scope<'_>), file: &str) -> String {
    let mut all = files(define).into_iter();
    all.find(|(_, name, _)| name == file).unwrap().2
}

fn database(scope: &mut Scope<'_>) -> Database {
    let login = scope.existing::<Secret>("grafana-database");
    let server = Endpoint::outside("db.example", 5432);
    Database::new(&server, "grafana", &login).encryption(Encryption::Verified)
}

fn provider(scope: &mut Scope<'_>) -> Oidc {
    let secret = scope.existing::<Secret>("grafana-oidc");
    Oidc::new(
        "https://id.example/realms/shop",
        "grafana",
        &secret,
        "secret",
    )
}

#[test]
fn several_replicas_share_a_database() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let database = database(scope);
        let provider = provider(scope);
        let grafana = Grafana::new("grafana").postgres(&database).oidc(&provider);
        scope.add(grafana.address("https://grafana.example").admins("sre"));
    }));
}

#[test]
fn replicas_tell_each_other_over_both_transports() {
    let objects = objects(|scope| {
        let database = database(scope);
        scope.add(Grafana::new("grafana").postgres(&database).replicas(3));
    });
    let policy = |object: &&Value| {
        object["kind"] == "NetworkPolicy" && object["metadata"]["name"] == "grafana-deployment"
    };
    let policy = objects.iter().find(policy).unwrap();
    for way in ["ingress", "egress"] {
        let text = policy["spec"][way].to_string();
        for transport in ["TCP", "UDP"] {
            assert!(
                text.contains(&format!(r#"{{"port":9094,"protocol":"{transport}"}}"#)),
                "{way} {text}"
            );
        }
    }
    assert!(policy["spec"]["egress"].to_string().contains("5432"));
}

#[test]
fn every_link_leads_to_a_source_that_is_there() {
    let sources: fn(&mut Scope<'_>) = |scope| {
        scope.add(
            Grafana::new("grafana")
                .source(&at::<PromQl>("metrics"))
                .source(&at::<LogQl>("logs"))
                .source(&at::<TempoQuery>("tempo"))
                .source(&at::<JaegerQuery>("jaeger"))
                .source(&at::<AlertmanagerApi>("alerts"))
                .ask(Source::of(&at::<ElasticsearchApi>("search")).index("otel-logs-*")),
        );
    };
    let text = file(sources, "datasources.yaml");
    insta::assert_snapshot!(text);
    let yaml: DatasourcesYaml = serde_saphyr::from_str(&text).unwrap();
    let uids: Vec<&str> = yaml
        .datasources
        .iter()
        .map(|source| source.uid.as_str())
        .collect();
    let mut links = 0;
    for source in &yaml.datasources {
        for uid in linked(&json!(source.json_data)) {
            assert!(
                uids.contains(&uid.as_str()),
                "{} links to {uid}",
                source.uid
            );
            links += 1;
        }
    }
    assert_eq!(links, 9);
}

fn at<P>(host: &str) -> Endpoint<P> {
    Endpoint::outside(host, 80)
}

/// All uids that something says it leads to.
fn linked(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(uid) if key.to_lowercase().ends_with("uid") => vec![uid.clone()],
                value => linked(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(linked).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_source_logs_in_with_files_and_a_tenant_is_named() {
    let text = file(
        |scope| {
            let login = scope.existing::<Secret>("reader");
            let logs: Endpoint<TenantLogQl> = Endpoint::outside("logs", 3100);
            let search: Endpoint<ElasticsearchApi> = Endpoint::outside("search", 9200);
            let search = Source::of(&search).named("documents");
            scope.add(
                Grafana::new("grafana")
                    .source_as(&logs, "shop")
                    .source_as(&logs, "bank")
                    .ask(search.login(&login, "user", "word")),
            );
        },
        "datasources.yaml",
    );
    let yaml: DatasourcesYaml = serde_saphyr::from_str(&text).unwrap();
    let [shop, bank, search] = &yaml.datasources[..] else {
        panic!("{text}")
    };
    assert_eq!(
        (shop.uid.as_str(), bank.uid.as_str()),
        ("logs-shop", "logs-bank")
    );
    assert_eq!(bank.json_data["httpHeaderName1"], "X-Scope-OrgID");
    assert_eq!(bank.secure_json_data["httpHeaderValue1"], "bank");
    let file = |key: &str| format!("$__file{{/etc/grafana-sources/documents/{key}}}");
    assert_eq!(search.basic_auth_user, Some(file("user")));
    assert_eq!(search.secure_json_data["basicAuthPassword"], file("word"));
}

#[test]
fn two_sources_have_two_names() {
    let found = messages(|scope| {
        let metrics: Endpoint<PromQl> = Endpoint::outside("metrics", 80);
        scope.add(Grafana::new("grafana").source(&metrics).source(&metrics));
    });
    assert_eq!(
        found,
        ["two sources of the Grafana `grafana` are called `metrics`"]
    );
    let found = messages(|scope| {
        let metrics: Endpoint<PromQl> = Endpoint::outside("metrics", 80);
        scope.add(Grafana::new("grafana").ask(Source::of(&metrics).named("my metrics")));
    });
    assert_eq!(
        found,
        ["`my metrics` is no name of a source of the Grafana `grafana`"]
    );
    let named: fn(&mut Scope<'_>) = |scope| {
        let metrics: Endpoint<PromQl> = Endpoint::outside("metrics", 80);
        let other = Source::of(&metrics).named("others");
        scope.add(Grafana::new("grafana").source(&metrics).ask(other));
    };
    assert!(graph(named).is_ok());
}

#[test]
fn a_login_leads_back() {
    let found = messages(|scope| {
        let provider = provider(scope);
        scope.add(Grafana::new("grafana").oidc(&provider));
    });
    assert_eq!(
        found,
        ["the Grafana `grafana` does not know where a login leads back to"]
    );
    let found = messages(|scope| {
        let secret = scope.existing::<Secret>("grafana-oidc");
        let provider = Oidc::new("http://id.example", "grafana", &secret, "secret");
        let grafana = Grafana::new("grafana")
            .oidc(&provider)
            .address("grafana.example");
        scope.add(grafana);
    });
    assert_eq!(
        found,
        [
            "`grafana.example` is no address of the Grafana `grafana`",
            "the login of `grafana`: `http://id.example` is no address of a provider",
        ]
    );
}

#[test]
fn a_setting_is_one_line_and_begins_no_comment() {
    let ini = |define| file(define, "grafana.ini");
    let text = ini(|scope| {
        let provider = provider(scope);
        let grafana = Grafana::new("grafana")
            .address("https://grafana.example")
            .oidc(&provider);
        scope.add(grafana.admins("sre;ops"));
    });
    assert!(
        text.contains(r#"role_attribute_path = """contains(groups[*], 'sre;ops')"#),
        "{text}"
    );
    let found = messages(|scope| {
        let provider = provider(scope);
        let grafana = Grafana::new("grafana")
            .address("https://grafana.example")
            .oidc(&provider);
        scope.add(grafana.admins("sre\n[auth.anonymous]\nenabled = true"));
    });
    assert_eq!(
        found,
        ["the setting `role_attribute_path` of the Grafana `grafana` is more than one line"]
    );
}

#[test]
fn where_a_stack_speaks_tls_grafana_trusts_whom_it_asks_and_proves_who_it_is() {
    let secured: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tls::generated());
        let loki = scope.add(Loki::new("loki"));
        let database = scope.add(Postgres::new("db", "grafana"));
        let elsewhere: Endpoint<JaegerQuery> = Endpoint::outside("jaeger.example", 443);
        let elsewhere = elsewhere.secured(Security::Tls);
        let bucket = ObjectStore::gcs("dumps").identity();
        scope.add(Dump::new("dump", &database, bucket));
        scope.add(
            Grafana::new("grafana")
                .postgres(&database)
                .source(&loki.query)
                .source(&elsewhere),
        );
    };
    let yaml: DatasourcesYaml = serde_saphyr::from_str(&file(secured, "datasources.yaml")).unwrap();
    let [loki, jaeger] = &yaml.datasources[..] else {
        panic!("{yaml:?}")
    };
    assert_eq!(loki.url, "https://loki.test.svc:3100");
    assert_eq!(loki.json_data["tlsAuthWithCACert"], true);
    assert_eq!(
        loki.secure_json_data["tlsCACert"],
        "$__file{/etc/otelier/trust/ca.crt}"
    );
    assert!(jaeger.url.starts_with("https://") && jaeger.secure_json_data.is_empty());
    let ini = file(secured, "grafana.ini");
    for setting in [
        "protocol = https",
        "ssl_mode = verify-full",
        "ca_cert_path = /etc/otelier/trust/ca.crt",
    ] {
        assert!(ini.contains(setting), "{setting} in {ini}");
    }
    let objects = objects(secured);
    let find = |kind: &str, name: &str| {
        let wanted = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
        objects.iter().find(wanted).unwrap()
    };
    let server = &find("StatefulSet", "db")["spec"]["template"]["spec"];
    assert!(
        server["containers"][0]["args"]
            .to_string()
            .contains("ssl_key_file=/etc/otelier/tls/tls.key")
    );
    let key = |volume: &&Value| volume["name"] == "tls";
    let key = server["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .find(key)
        .unwrap();
    assert_eq!(key["secret"]["defaultMode"], 0o440);
    let dump = find("CronJob", "dump")
        .pointer("/spec/jobTemplate/spec/template/spec/initContainers/0")
        .unwrap();
    assert!(
        dump["volumeMounts"]
            .to_string()
            .contains("/etc/otelier/trust"),
        "{dump}"
    );
    assert!(
        dump["env"]
            .to_string()
            .contains("/etc/otelier/trust/ca.crt")
    );
}

#[test]
fn a_grafana_that_asks_nobody_is_noted() {
    let notes = |define| -> Vec<&'static str> {
        let graph = graph(define).unwrap();
        let rules = graph.notes().iter().map(|note| note.rule);
        rules.filter(|rule| *rule != "no-backup").collect()
    };
    let blind: fn(&mut Scope<'_>) = |scope| drop(scope.add(Grafana::new("grafana")));
    assert_eq!(notes(blind), ["grafana-without-source"]);
    let seeing: fn(&mut Scope<'_>) = |scope| {
        let prometheus = scope.add(Prometheus::new("prometheus"));
        scope.add(Grafana::new("grafana").source(&prometheus.query));
    };
    assert_eq!(notes(seeing), [""; 0]);
}

#[test]
fn grafana_asks_a_jaeger_below_its_path() {
    let files = files(|scope| {
        let search = scope.add(Elasticsearch::new("search"));
        let jaeger = scope.add(Jaeger::new("jaeger", &search).base_path("/jaeger"));
        let source = Source::of(&jaeger.query).below("/jaeger");
        scope.add(Grafana::new("grafana").ask(source));
    });
    let sources = files.iter().find(|(_, name, _)| name == "datasources.yaml");
    assert!(
        sources
            .unwrap()
            .2
            .contains("jaeger-query.test.svc:16686/jaeger")
    );
}
