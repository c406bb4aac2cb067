//! Which component types are gone, so that a configuration of old is understood and told what to use now?

use crate::component::Class;
use crate::{ComponentType, Distribution, Signal};

const TRACES: &[Signal] = &[Signal::Traces];
const METRICS: &[Signal] = &[Signal::Metrics];
const LOGS: &[Signal] = &[Signal::Logs];
const ALL: &[Signal] = &Signal::ALL;
const OLD: &[Distribution] = &[Distribution::Core, Distribution::Contrib];

const fn receiver(name: &'static str) -> ComponentType {
    ComponentType::named(Class::Receiver, name).within(Distribution::CONTRIB)
}

const fn processor(name: &'static str) -> ComponentType {
    ComponentType::named(Class::Processor, name).within(Distribution::CONTRIB)
}

const fn exporter(name: &'static str) -> ComponentType {
    ComponentType::named(Class::Exporter, name).within(Distribution::CONTRIB)
}

const fn extension(name: &'static str) -> ComponentType {
    ComponentType::named(Class::Extension, name).within(Distribution::CONTRIB)
}

/// The first version without a type is that of the first release of the distributions without it.
pub(crate) static REMOVED: [ComponentType; 18] = [
    exporter("logging")
        .within(OLD)
        .signals(ALL)
        .removed(111, "`debug` with `verbosity`"),
    exporter("loki")
        .signals(LOGS)
        .removed(131, "`otlp_http` with `endpoint: http://<loki>:3100/otlp`"),
    exporter("jaeger")
        .within(OLD)
        .signals(TRACES)
        .removed(85, "`otlp_grpc`: Jaeger receives OTLP on port 4317"),
    exporter("jaeger_thrift")
        .signals(TRACES)
        .removed(85, "`otlp_http`: Jaeger receives OTLP on port 4318"),
    exporter("opencensus")
        .within(OLD)
        .signals(&[Signal::Traces, Signal::Metrics])
        .removed(132, "`otlp_grpc`"),
    receiver("opencensus")
        .within(Distribution::CORE)
        .signals(&[Signal::Traces, Signal::Metrics])
        .removed(132, "`otlp`"),
    processor("spanmetrics")
        .signals(TRACES)
        .removed(96, "the connector `span_metrics`"),
    processor("servicegraph")
        .signals(TRACES)
        .removed(94, "the connector `service_graph`"),
    processor("routing")
        .signals(ALL)
        .removed(120, "the connector `routing`"),
    processor("datadog")
        .signals(TRACES)
        .removed(94, "the connector `datadog`"),
    processor("remoteobserver")
        .signals(ALL)
        .removed(89, "`remotetap`"),
    extension("memory_ballast")
        .within(OLD)
        .removed(108, "the variable `GOMEMLIMIT` of the environment"),
    exporter("sapm").signals(TRACES).removed(147, "`otlp_http`"),
    receiver("sapm").signals(TRACES).removed(133, "`otlp`"),
    receiver("signalfx")
        .signals(&[Signal::Metrics, Signal::Logs])
        .removed(157, "`otlp`"),
    receiver("jmx")
        .signals(METRICS)
        .removed(154, "`otlp`, with a JMX scraper beside the program"),
    receiver("prometheus_exec")
        .signals(METRICS)
        .removed(54, "`prometheus`"),
    exporter("dynatrace")
        .signals(METRICS)
        .removed(99, "`otlp_http`"),
];
