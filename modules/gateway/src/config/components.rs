//! Which components does the gateway run?

use collector_config::{
    Carries, Class, Component, ComponentType, Signal,
    components::{
        attributes::{Attributes, Resource},
        debug::{Debug, NopExporter},
        diagnostics::{Pprof, Zpages},
        file_exporter::FileExporter,
        filter::Filter,
        health::{FileStorage, HealthCheck},
        load_balancing::LoadBalancing,
        otlp::Otlp,
        otlp_exporters::{OtlpGrpc, OtlpHttp},
        processors::{Batch, MemoryLimiter, ProbabilisticSampler},
        remote_write::PrometheusRemoteWrite,
        tail_sampling::TailSampling,
    },
    strict::nearest_name,
};

/// Every component type that the gateway runs, in the order of the sections of a configuration.
pub const COMPONENTS: &[&ComponentType] = &[
    Otlp::TYPE,
    Attributes::TYPE,
    Batch::TYPE,
    Filter::TYPE,
    MemoryLimiter::TYPE,
    ProbabilisticSampler::TYPE,
    Resource::TYPE,
    TailSampling::TYPE,
    Debug::TYPE,
    FileExporter::TYPE,
    LoadBalancing::TYPE,
    NopExporter::TYPE,
    OtlpGrpc::TYPE,
    OtlpHttp::TYPE,
    PrometheusRemoteWrite::TYPE,
    FileStorage::TYPE,
    HealthCheck::TYPE,
];

/// Extensions that are passed over, because they are about Go's runtime or about the collector's own pages.
const PASSED_OVER: &[&ComponentType] = &[Pprof::TYPE, Zpages::TYPE];

/// What a component type is to the gateway.
pub(super) enum Known {
    /// It runs it.
    Runs(&'static ComponentType),
    /// It starts without it, and says so.
    PassesOver,
    /// It does not: why, what may have been meant, and what it runs.
    Not(String, Option<&'static str>, Option<String>),
}

/// What a component type is to the gateway, by its name of today or of old.
pub(super) fn known(class: Class, name: &str) -> Known {
    let Some(found) = class.find(name) else {
        let names = names(class);
        let what = format!("there is no {class} `{name}`");
        return Known::Not(what, nearest_name(name, names), None);
    };
    let is = |one: &&&ComponentType| one.class == class && one.name == found.name;
    if let Some(found) = COMPONENTS.iter().find(is) {
        return Known::Runs(found);
    }
    if PASSED_OVER.iter().any(|one| is(&one)) {
        return Known::PassesOver;
    }
    let runs = names(class).map(|name| format!("`{name}`"));
    let runs = runs.collect::<Vec<_>>().join(", ");
    let (what, runs) = match class {
        Class::Connector => (no_connector(name), None),
        _ => (
            format!("the gateway does not run the {class} `{name}`"),
            Some(format!("it runs {runs}")),
        ),
    };
    Known::Not(what, None, runs)
}

/// Why no connector runs.
pub(super) fn no_connector(name: &str) -> String {
    format!("`{name}` is a connector, and the gateway runs none: send to a collector that does")
}

fn names(class: Class) -> impl Iterator<Item = &'static str> {
    let types = COMPONENTS.iter().filter(move |one| one.class == class);
    types.map(|one| one.name)
}

/// The signals that a component type carries.
pub fn signals(kind: &ComponentType) -> &'static [Signal] {
    match kind.carries {
        Carries::Signals(signals) => signals,
        Carries::Joints(_) | Carries::Nothing | Carries::Unknown => &[],
    }
}
