//! What keeps telemetry, with all that it can be linked to.

use k8s_openapi::api::core::v1::Secret;
use modules::{
    Alertmanager, Collector, Elasticsearch, Grafana, IndexRotation, Jaeger, Loki, ObjectStore,
    Postgres, Prometheus, Sampling, Spread, Tempo, VictoriaMetrics,
    alertmanager::{Inhibition, Matcher, Receiver, Route, Smtp},
    logs, metrics,
    postgres::Dump,
    prometheus::Histograms,
    traces,
    units::{GIB, days},
};
use provider::Scope;

use super::bucket;

/// Alerts to people, in all ways that there are.
fn people(scope: &mut Scope<'_>) -> Alertmanager {
    let keys = scope.existing::<Secret>("on-call");
    let chat = Receiver::new("team").slack("#alerts", &keys, "slack");
    let page = Receiver::new("on-call").pagerduty(&keys, "pagerduty");
    let tickets = Receiver::new("tickets").teams(&keys, "teams");
    let smtp = Smtp::new("mail.example", 587, "alerts@example.com");
    Alertmanager::new("alertmanager")
        .shown_at("https://alerts.example")
        .smtp(smtp.login("alerts", &keys, "mail"))
        .send(chat.email("team@example.com"))
        .route(
            Route::to(page)
                .when(Matcher::is("severity", "critical"))
                .repeat(1)
                .and_go_on(),
        )
        .route(
            Route::to(tickets)
                .when(Matcher::matches("team", "shop|bank"))
                .group_by("team"),
        )
        .inhibit(
            Inhibition::while_there_is(Matcher::is("alertname", "NodeDown"))
                .leave_out(Matcher::is("severity", "warning"))
                .of_the_same("node"),
        )
}

/// Metrics in two Prometheus and in both forms of VictoriaMetrics.
pub(super) fn measuring(scope: &mut Scope<'_>) {
    let people = people(scope);
    let alertmanager = scope.add(people);
    let single = VictoriaMetrics::single("victoria").alerts(&alertmanager.alerts);
    let single = scope.add(single);
    let cluster = scope.add(VictoriaMetrics::cluster("victorias").keep(days(90)));
    let shard = Prometheus::new("shard").take_remote_write();
    let shard = scope.add(shard);
    let prometheus = Prometheus::new("prometheus")
        .replicas(2)
        .spread(Spread::Required)
        .promote("team.name")
        .histograms(Histograms::Both)
        .alerts(&alertmanager.alerts)
        .forward(&cluster.remote_write)
        .federate(&shard.query, ["service:requests:rate5m"]);
    let prometheus = scope.add(prometheus);
    let gateway = Collector::gateway("otlp").pipeline(
        metrics()
            .export(&prometheus.otlp)
            .export(&single.otlp)
            .export(&cluster.otlp),
    );
    scope.add(gateway);
    scope.add(Collector::gateway("write").pipeline(metrics().export(&shard.remote_write)));
    let grafana = Grafana::new("grafana")
        .source(&prometheus.query)
        .source(&single.query);
    scope.add(grafana.source(&cluster.query).source(&alertmanager.alerts));
}

/// Traces and logs in Elasticsearch, with snapshots; one Jaeger for each way in which indices rotate.
pub(super) fn searching(scope: &mut Scope<'_>) {
    let snapshots = bucket(scope, "snapshots");
    let search = Elasticsearch::new("search").nodes(4).masters(3);
    let search = search.memory(8 * GIB).across_zones();
    let search = scope.add(search.snapshots(snapshots, days(30)).keep_logs(days(90)));
    let prometheus = scope.add(Prometheus::new("prometheus"));
    let jaeger = Jaeger::new("jaeger", &search)
        .rotation(IndexRotation::BySize)
        .metrics(&prometheus.query)
        .sampling(Sampling::Adaptive {
            traces_per_second: 2.0,
        });
    let jaeger = scope.add(jaeger.archive().base_path("/jaeger").autoscale(2..=4));
    let daily = Jaeger::new("daily", &search).metrics_from_spans();
    let daily = scope.add(daily.sampling(Sampling::Share(0.1)));
    let gateway = Collector::gateway("otlp")
        .pipeline(
            traces()
                .red(metrics().export(&prometheus.otlp))
                .sample(0.1)
                .export(&jaeger.otlp)
                .export(&daily.otlp),
        )
        .pipeline(logs().export(&search.logs));
    scope.add(gateway);
    let source = search.log_source(scope);
    scope.add(Grafana::new("grafana").source(&jaeger.query).ask(source));
}

/// Three Loki and a Tempo in buckets, one Loki on a disk, and Grafana in Postgres.
pub(super) fn in_buckets(scope: &mut Scope<'_>) {
    let (chunks, blocks, dumps) = (
        bucket(scope, "logs"),
        bucket(scope, "traces"),
        bucket(scope, "dumps"),
    );
    let loki = scope.add(Loki::new("loki").bucket(chunks).keep(days(30)));
    let disk = scope.add(Loki::new("disk").keep(days(7)));
    let google = ObjectStore::gcs("logs").account("loki@shop.iam.gserviceaccount.com");
    let google = Loki::new("google").bucket(google).replicas(1);
    let google = scope.add(google.tenants().ingest(32).label("shop.floor"));
    let prometheus = Prometheus::new("prometheus").replicas(2);
    let prometheus = scope.add(prometheus.take_remote_write());
    let tempo = Tempo::new("tempo").bucket(blocks).keep(days(30));
    let tempo = scope.add(tempo.measure_into(&prometheus.remote_write));
    let alone = scope.add(Tempo::new("alone"));
    let gateway = Collector::gateway("otlp")
        .pipeline(traces().export(&tempo.otlp).export(&alone.otlp))
        .pipeline(
            logs()
                .export(&loki.otlp)
                .export(&disk.otlp)
                .export_as(&google.otlp, "shop"),
        );
    scope.add(gateway);
    let database = scope.add(Postgres::new("grafana-db", "grafana"));
    scope.add(Dump::new("grafana-db-dump", &database, dumps));
    let grafana = Grafana::new("grafana").postgres(&database).replicas(2);
    let grafana = grafana.source(&tempo.query).source(&loki.query);
    scope.add(grafana.source_as(&google.query, "shop"));
}
