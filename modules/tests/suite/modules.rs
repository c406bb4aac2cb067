//! What each module makes, as reviewers read it.

use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, JaegerInMemory, Loki, Prometheus, Workload, logs,
    metrics,
    protocol::{Http, Otlp},
    traces,
    units::{GIB, MIB, days, millicores},
};
use provider_core::{Endpoint, GeneratedSecret, Port, Scope};

use crate::support::own_yaml;

const WEB: Port<Http> = Port::new("web", 8080);

#[test]
fn elasticsearch() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Elasticsearch::new("search").nodes(3).storage(200 * GIB));
    }));
}

#[test]
fn jaeger() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let search = scope.within("search", |scope| {
            scope.add(Elasticsearch::new("search").formed())
        });
        scope.add(Jaeger::new("jaeger", &search).keep(days(7)));
    }));
}

#[test]
fn jaeger_in_memory() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(JaegerInMemory::new("jaeger"));
    }));
}

#[test]
fn prometheus() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Prometheus::new("prometheus").keep(days(30)));
    }));
}

#[test]
fn loki() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Loki::new("loki").keep(days(30)).memory(4 * GIB));
    }));
}

#[test]
fn grafana() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let metrics = Endpoint::outside("metrics.example", 9090);
        let logs = Endpoint::outside("logs.example", 3100);
        let traces = Endpoint::outside("traces.example", 16686);
        let grafana = Grafana::new("grafana");
        scope.add(
            grafana
                .source::<modules::protocol::PromQl>(&metrics)
                .source::<modules::protocol::LogQl>(&logs)
                .source::<modules::protocol::JaegerQuery>(&traces),
        );
    }));
}

#[test]
fn gateway_that_samples() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let traces_to: Endpoint<Otlp> = Endpoint::outside("traces.example", 4317);
        let rest: Endpoint<Otlp> = Endpoint::outside("rest.example", 4317);
        scope.add(
            Collector::gateway("otlp")
                .replicas(3)
                .samplers(3, 2 * GIB)
                .pipeline(traces().sample(0.1).export(&traces_to))
                .pipeline(metrics().export(&rest))
                .pipeline(logs().export(&rest)),
        );
    }));
}

#[test]
fn agent() {
    insta::assert_snapshot!(own_yaml(|scope| {
        let gateway: Endpoint<Otlp> = Endpoint::outside("gateway.example", 4317);
        scope.add(Collector::agent("node").forward(&gateway));
    }));
}

#[test]
fn workload_of_ones_own() {
    insta::assert_snapshot!(own_yaml(shop));
}

fn shop(scope: &mut Scope<'_>) {
    let login = scope.add(GeneratedSecret::new("login").generate("password", 32));
    let shop = Workload::stateless("shop", "shop:1.0.0")
        .listen(WEB)
        .replicas(2)
        .cpu(millicores(250))
        .memory(256 * MIB)
        .env_from("PASSWORD", login.key("password"));
    let shop = scope.add(shop);
    scope.expose(&shop, WEB);
}
