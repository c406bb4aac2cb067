//! What passes telemetry on, and what people open.

use k8s_openapi::api::core::v1::Secret;
use modules::{
    Archived, Collector, Direct, Entrance, Injector, Issuer, JaegerInMemory, Kubelet, Load,
    LoginProxy, Loki, ObjectStore, Oidc, Prometheus, Sidecar, Site, Tls, Workload, logs, metrics,
    protocol::Http,
    sampling::Policy,
    traces,
    units::{GIB, days},
};
use provider::{Port, Scope, Source};

const WEB: Port<Http> = Port::new("web", 8080);

/// Every tier, and every way in which a program reaches one.
pub(super) fn passing(scope: &mut Scope<'_>) {
    let jaeger = scope.add(JaegerInMemory::new("jaeger"));
    let prometheus = scope.add(Prometheus::new("prometheus"));
    let loki = scope.add(Loki::new("loki"));
    let store = ObjectStore::s3("archive")
        .region("eu-central-1")
        .pod_identity()
        .expire(days(90));
    let cold = ObjectStore::gcs("archive").account("archive@shop.iam.gserviceaccount.com");
    let policies = [Policy::errors(), Policy::slow(1000), Policy::share(10.0)];
    let kept = traces()
        .red(metrics().export(&prometheus.otlp))
        .red_by("http.route")
        .sample_by(policies)
        .archive(store, Archived::Kept)
        .export(&jaeger.otlp);
    let gateway = Collector::gateway("otlp")
        .accept(Source::AnyNamespace)
        .autoscale(2..=10)
        .samplers(3, 2 * GIB)
        .load(Load::spans(2000).points(2000).records(500))
        .pipeline(kept)
        .pipeline(metrics().export(&prometheus.otlp))
        .pipeline(logs().drop_if("log.severity_number < 9").export(&loki.otlp));
    let gateway = scope.add(gateway);
    let patient = Collector::gateway("patient").keep_queue(10 * GIB);
    let patient = patient
        .pipeline(traces().export(&jaeger.otlp))
        .pipeline(logs().archive(cold).export(&loki.otlp));
    scope.add(patient);
    let agent = Collector::agent("node").ask_kubelet(Kubelet::AnyCertificate);
    let agent = agent.host_ports().keep_queue(GIB);
    let agent = scope.add(agent.forward(&gateway.otlp));
    let cluster = Collector::cluster("cluster").replicas(2);
    let cluster = cluster.watch("apps", "deployments");
    scope.add(cluster.forward(&gateway.otlp));

    let sidecar = Sidecar::new("otel").forward(&gateway.otlp);
    let socket = Sidecar::new("socket").on_socket().forward(&gateway.otlp);
    // Each in a namespace of its own, because a cluster is shown all of these stacks.
    let shop = format!("{}-shop", scope.stack());
    scope.within(&shop, |shop| {
        let payment = Workload::stateless("payment", "registry.example/payment:1.4.2");
        shop.add(payment.listen(WEB).replicas(2).sidecar(&sidecar));
        let cart = Workload::stateless("cart", "registry.example/cart:1.4.2");
        shop.add(cart.listen(WEB).sidecar(&socket));
        let nightly = Workload::cron_job("nightly", "registry.example/shop:1.0.0", "0 3 * * *");
        shop.add(nightly.sidecar(&sidecar));
        let catalog = Workload::stateless("catalog", "registry.example/catalog:2.0.1");
        shop.add(catalog.listen(WEB).send_to(&agent));
        let direct = Direct::none().metrics(&prometheus.otlp).logs(&loki.otlp);
        let stock = Workload::stateless("stock", "registry.example/stock:2.0.1");
        shop.add(stock.listen(WEB).send_direct(direct));
    });
    let image = "registry.example/otelier/injector:0.1.0";
    scope.add(Injector::new("injector", image, sidecar).namespaces([shop]));
}

/// What people open, through an Ingress and through a Gateway, with a login before it.
pub(super) fn opening(scope: &mut Scope<'_>) {
    let secret = scope.existing::<Secret>("oidc");
    let people = Oidc::new(
        "https://id.example/realms/shop",
        "telemetry",
        &secret,
        "secret",
    );
    let jaeger = scope.add(JaegerInMemory::new("jaeger"));
    let login = LoginProxy::new("login", &jaeger.query, &people, "https://jaeger.example");
    let web = scope.add(login.group("developers")).web;
    let traefik = Entrance::ingress("traefik", "edge");
    let traefik = traefik.issuer("letsencrypt").into();
    scope.add(Site::new("jaeger.example", &web, &traefik));
    let gateway = Entrance::gateway("infra", "public")
        .listener("web")
        .pods_in("envoy")
        .into();
    scope.add(Site::new("traces.example", &web, &gateway));
}

/// Certificates of cert-manager in place of those that we make.
pub(super) fn issued(scope: &mut Scope<'_>) {
    scope.add(Tls::cert_manager(Issuer::Own).mutual());
    let prometheus = scope.add(Prometheus::new("prometheus").replicas(2));
    let gateway = Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp));
    scope.add(gateway);
}
