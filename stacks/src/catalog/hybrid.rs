//! Three layers: critical programs with a collector of their own and the others through the agent of their node; a
//! gateway that measures, samples and archives; stores for a week, a month and a quarter.

use modules::{
    Archived, Collector, Elasticsearch, Grafana, Jaeger, Load, Loki, ObjectStore, Prometheus,
    Sidecar, Workload, logs, metrics,
    protocol::Http,
    sampling::Policy,
    traces,
    units::{GIB, days},
};
use provider::{Port, Scope};

const WEB: Port<Http> = Port::new("web", 8080);

pub(super) fn hybrid(stack: &mut Scope<'_>) {
    let search = stack.add(Elasticsearch::new("search").nodes(3).storage(100 * GIB));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).replicas(2, 2).keep(days(7)));
    let prometheus = Prometheus::new("prometheus").keep(days(30));
    let prometheus = stack.add(prometheus.storage(100 * GIB));
    let loki = stack.add(Loki::new("loki").keep(days(30)).storage(50 * GIB));
    // Cold data: the collectors' own identity may write there, and the bucket deletes after a quarter.
    let cold = ObjectStore::s3("telemetry-archive")
        .region("eu-central-1")
        .pod_identity()
        .expire(days(90));

    let kept = traces()
        .red(metrics().export(&prometheus.otlp))
        .red_by("http.route")
        .sample_by([Policy::errors(), Policy::slow(1000), Policy::share(10.0)])
        .archive(cold.clone(), Archived::Kept)
        .export(&jaeger.otlp);
    let gateway = stack.add(
        Collector::gateway("otlp")
            .autoscale(3..=10)
            .samplers(3, 2 * GIB)
            .load(Load::spans(20_000).points(20_000).records(5_000))
            .pipeline(kept)
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().archive(cold).export(&loki.otlp)),
    );
    let agent = stack.add(Collector::agent("node").forward(&gateway.otlp));
    stack.add(Collector::cluster("cluster").forward(&gateway.otlp));

    let sidecar = Sidecar::new("telemetry").forward(&gateway.otlp);
    stack.within("shop", |shop| {
        let critical = Workload::stateless("payment", "registry.example/payment:1.4.2");
        let payment = shop.add(critical.listen(WEB).replicas(3).sidecar(&sidecar));
        let standard = Workload::stateless("catalog", "registry.example/catalog:2.0.1");
        let catalog = shop.add(standard.listen(WEB).replicas(2).send_to(&agent));
        let payment = shop.expose(&payment, WEB);
        shop.connect(&catalog, payment.destination());
    });
    stack.add(
        Grafana::new("grafana")
            .source(&jaeger.query)
            .source(&prometheus.query)
            .source(&loki.query),
    );
}
