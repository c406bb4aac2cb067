//! User interfaces that people open: the way in, and the login before it.

use modules::{
    Entrance, Grafana, JaegerInMemory, LoginProxy, Loki, Oidc, Prometheus, Site, Tls,
    login::BehindLogin,
};
use provider_core::{Endpoint, Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::{Value, json};

use crate::support::{graph, objects, own_yaml};

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    findings
        .0
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn people(scope: &mut Scope<'_>) -> Oidc {
    let secret = scope.existing::<Secret>("oidc");
    Oidc::new(
        "https://id.example/realms/shop",
        "telemetry",
        &secret,
        "secret",
    )
}

fn traefik() -> Entrance {
    Entrance::ingress("traefik", "edge")
        .issuer("letsencrypt")
        .into()
}

/// Jaeger behind a login, and nothing else.
fn jaeger(scope: &mut Scope<'_>) -> Endpoint<BehindLogin> {
    let people = people(scope);
    let jaeger = scope.add(JaegerInMemory::new("jaeger"));
    let login = LoginProxy::new(
        "jaeger-login",
        &jaeger.query,
        &people,
        "https://jaeger.example",
    );
    scope
        .add(login.group("developers").email_domain("shop.example"))
        .web
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let wanted = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects.iter().find(wanted).unwrap()
}

#[test]
fn a_login_stands_before_what_has_none() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let people = people(scope);
        let prometheus: Endpoint<modules::protocol::PromQl> =
            Endpoint::outside("prometheus.example", 9090);
        let login = LoginProxy::new("login", &prometheus, &people, "https://prometheus.example");
        scope.add(login);
    }));
}

#[test]
fn an_ingress_opens_what_is_behind_a_login() {
    insta::assert_snapshot!(
        own_yaml(|scope| {
            let grafana = scope.add(Grafana::new("grafana"));
            scope.add(Site::new("grafana.example", &grafana.web, &traefik()));
        })
        .split("---\n")
        .filter(|document| document.contains("kind: Ingress"))
        .collect::<String>()
    );
}

#[test]
fn a_gateway_opens_it_as_well() {
    let objects = objects(|scope| {
        let web = jaeger(scope);
        let entrance = Entrance::gateway("infra", "public")
            .listener("web")
            .pods_in("envoy")
            .into();
        scope.add(Site::new("jaeger.example", &web, &entrance));
    });
    let route = find(&objects, "HTTPRoute", "jaeger.example");
    assert_eq!(route["apiVersion"], "gateway.networking.k8s.io/v1");
    assert_eq!(
        route["spec"],
        json!({
            "parentRefs": [{ "namespace": "infra", "name": "public", "sectionName": "web" }],
            "hostnames": ["jaeger.example"],
            "rules": [{
                "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
                "backendRefs": [{ "name": "jaeger-login", "port": 4180 }],
            }],
        })
    );
    let ingress =
        find(&objects, "NetworkPolicy", "jaeger-login-deployment")["spec"]["ingress"].to_string();
    assert!(
        ingress.contains(r#""kubernetes.io/metadata.name":"envoy""#),
        "{ingress}"
    );
}

#[test]
fn the_login_is_the_only_way_for_people() {
    let objects = objects(|scope| {
        let web = jaeger(scope);
        scope.add(Site::new("jaeger.example", &web, &traefik()));
    });
    let policy = |name: &str| find(&objects, "NetworkPolicy", name)["spec"].clone();
    let login = policy("jaeger-login-deployment");
    assert!(
        login["ingress"]
            .to_string()
            .contains(r#""kubernetes.io/metadata.name":"edge""#)
    );
    // To Jaeger, and to the provider.
    let egress = login["egress"].to_string();
    assert!(
        egress.contains("16686") && egress.contains(r#""port":443"#),
        "{egress}"
    );
    let jaeger = policy("jaeger-deployment")["ingress"].to_string();
    assert!(
        jaeger.contains("jaeger-login") && !jaeger.contains("edge"),
        "{jaeger}"
    );
}

#[test]
fn a_certificate_may_be_there_already() {
    let objects = objects(|scope| {
        let wildcard = scope.existing::<Secret>("wildcard");
        let entrance = Entrance::ingress("nginx", "ingress-nginx").certificate(&wildcard);
        let entrance = entrance.annotation("example.com/limit", "10").into();
        let grafana = scope.add(Grafana::new("grafana"));
        scope.add(Site::new("grafana.example", &grafana.web, &entrance));
    });
    let ingress = find(&objects, "Ingress", "grafana.example");
    assert_eq!(
        ingress["spec"]["tls"],
        json!([{ "hosts": ["grafana.example"], "secretName": "wildcard" }])
    );
    assert_eq!(
        ingress["metadata"]["annotations"],
        json!({ "example.com/limit": "10" })
    );
}

#[test]
fn what_is_wrong_with_a_site_is_said() {
    let found = messages(|scope| {
        let grafana = scope.add(Grafana::new("grafana"));
        let plain = Entrance::ingress("traefik", "edge").into();
        scope.add(Site::new(
            "https://Grafana.example",
            &grafana.web,
            &traefik(),
        ));
        scope.add(Site::new("grafana.example", &grafana.web, &plain));
    });
    assert!(
        found.contains(&"the site `https://Grafana.example`: it is no name of a host".to_owned())
    );
    assert!(
        found
            .contains(&"the site `grafana.example`: passwords would travel in the open".to_owned())
    );
    let found = messages(|scope| {
        let elsewhere: Endpoint<BehindLogin> = Endpoint::outside("login.example", 443);
        scope.add(Site::new("login.example", &elsewhere, &traefik()));
    });
    assert_eq!(
        found,
        ["the site `login.example`: login.example:443 is no Service of this stack"]
    );
}

#[test]
fn what_is_wrong_with_a_login_is_said() {
    let found = messages(|scope| {
        let secret = scope.existing::<Secret>("oidc");
        let people = Oidc::new("http://id.example", "telemetry", &secret, "secret");
        let prometheus = scope.add(Prometheus::new("prometheus"));
        let login = LoginProxy::new(
            "login",
            &prometheus.query,
            &people,
            "http://prometheus.example",
        );
        scope.add(login.replicas(0));
    });
    assert_eq!(
        found,
        [
            "`http://prometheus.example` is no address of the login `login`",
            "the login of `login`: `http://id.example` is no address of a provider",
            "the login `login` has no replicas",
        ]
    );
}

#[test]
fn where_a_stack_speaks_tls_so_does_the_way_in() {
    let opened: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tls::generated());
        let people = people(scope);
        let loki = scope.add(Loki::new("loki"));
        let login = LoginProxy::new("login", &loki.query, &people, "https://logs.example");
        let web = scope.add(login).web;
        let gateway = Entrance::gateway("infra", "public").into();
        scope.add(Site::new("logs.example", &web, &gateway));
        let annotation = "nginx.ingress.kubernetes.io/backend-protocol";
        let ingress = Entrance::ingress("nginx", "edge").issuer("letsencrypt");
        let ingress = ingress.speaks_tls(annotation, "HTTPS").into();
        scope.add(Site::new("lines.example", &web, &ingress));
    };
    let objects = objects(opened);
    let policy = find(&objects, "BackendTLSPolicy", "logs.example");
    assert_eq!(
        policy["spec"],
        json!({
            "targetRefs": [{ "group": "", "kind": "Service", "name": "login" }],
            "validation": {
                "caCertificateRefs": [{ "group": "", "kind": "ConfigMap", "name": "test-trust" }],
                "hostname": "login.test.svc",
            },
        })
    );
    find(&objects, "ConfigMap", "test-trust");
    let ingress = find(&objects, "Ingress", "lines.example").to_string();
    assert!(ingress.contains(r#""nginx.ingress.kubernetes.io/backend-protocol":"HTTPS""#));
    let login = find(&objects, "Deployment", "login").to_string();
    for part in [
        "--https-address=0.0.0.0:4180",
        "--metrics-secure-address",
        "SSL_CERT_FILE",
        r#""scheme":"HTTPS""#,
    ] {
        assert!(login.contains(part), "{part} in {login}");
    }
    let found = messages(|scope| {
        scope.add(Tls::generated());
        let grafana = scope.add(Grafana::new("grafana"));
        scope.add(Site::new("grafana.example", &grafana.web, &traefik()));
    });
    assert_eq!(
        found,
        ["the site `grafana.example`: its controller does not know that the Service speaks TLS"]
    );
}
