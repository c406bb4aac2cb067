//! What are the surroundings of a configuration, by what stands beside it and by what it does itself?

use super::{
    Candidate, Wanted,
    workload::{Autoscaler, Container, Workload},
};
use crate::{
    Config, Distribution,
    component::Class,
    lint::{Replicas, Setting, Tier},
};

/// What is known of a configuration's surroundings.
pub(super) fn setting(
    candidate: &Candidate,
    config: &Config,
    wanted: Wanted,
    workloads: &[Workload],
    autoscalers: &[Autoscaler],
) -> Setting {
    let name = candidate.name.as_deref().unwrap_or_default();
    let container = workloads
        .iter()
        .find_map(|workload| workload.mounting(name));
    let tier = candidate
        .tier
        .or_else(|| {
            container
                .as_ref()
                .and_then(|c| tier_of_workload(c.workload))
        })
        .unwrap_or_else(|| tier_by_looks(name, config));
    let image = container.as_ref().and_then(Container::image);
    let mut setting = Setting::of(tier, wanted.release(image));
    if let Some(replicas) = candidate.replicas {
        setting.replicas = Replicas::Fixed(replicas);
    }
    if let Some(container) = container {
        surround(&mut setting, &container, autoscalers);
    }
    setting
}

fn surround(setting: &mut Setting, container: &Container<'_>, autoscalers: &[Autoscaler]) {
    let workload = container.workload;
    setting.memory = container.memory();
    setting.variables = container.variables();
    setting.mounts = Some(container.mounts());
    setting.ports = Some(container.ports());
    setting.network = Some(workload.network());
    setting.probes = container.probes();
    let alone = !matches!(setting.tier, Tier::Sidecar | Tier::Agent);
    if workload.is_scaled(autoscalers) {
        setting.replicas = Replicas::Autoscaled;
    } else if let Some(replicas) = workload.replicas.filter(|_| alone) {
        setting.replicas = Replicas::Fixed(replicas);
    }
}

/// By its kind, and by whether there is something else in its Pods.
fn tier_of_workload(workload: &Workload) -> Option<Tier> {
    match workload.kind.as_str() {
        "DaemonSet" => Some(Tier::Agent),
        _ if workload.serving() > 1 => Some(Tier::Sidecar),
        _ => None,
    }
}

/// By the name of its image.
pub(super) fn distribution_of(image: &str) -> Option<Distribution> {
    const IMAGES: [(&str, Distribution); 6] = [
        ("otelier/gateway", Distribution::Gateway),
        ("opentelemetry-collector-contrib", Distribution::Contrib),
        ("opentelemetry-collector-k8s", Distribution::Kubernetes),
        ("opentelemetry-collector-otlp", Distribution::Otlp),
        ("opentelemetry-collector", Distribution::Core),
        ("jaeger", Distribution::Jaeger),
    ];
    let named = IMAGES.into_iter().find(|(name, _)| image.contains(name));
    named.map(|(_, distribution)| distribution)
}

/// By what the operator and the Helm chart call it.
pub(super) fn tier_of_mode(mode: &str) -> Option<Tier> {
    match mode {
        "daemonset" => Some(Tier::Agent),
        "sidecar" => Some(Tier::Sidecar),
        // A gateway or one for the whole cluster: its receivers say which.
        _ => None,
    }
}

/// By its name, and by what it does.
fn tier_by_looks(name: &str, config: &Config) -> Tier {
    const NAMES: [(&str, Tier); 7] = [
        ("sidecar", Tier::Sidecar),
        ("agent", Tier::Agent),
        ("daemonset", Tier::Agent),
        ("node", Tier::Agent),
        ("cluster", Tier::Singleton),
        ("sampler", Tier::Sampler),
        ("gateway", Tier::Gateway),
    ];
    const DEEDS: [(&str, Tier); 4] = [
        ("host_metrics", Tier::Agent),
        ("file_log", Tier::Agent),
        ("kubelet_stats", Tier::Agent),
        ("k8s_cluster", Tier::Singleton),
    ];
    let by_name = NAMES.into_iter().find(|(part, _)| name.contains(part));
    let does = |kind: &str| {
        config
            .section(Class::Receiver)
            .any(|(id, _)| id.kind() == kind)
    };
    let by_deed = || DEEDS.into_iter().find(|(kind, _)| does(kind));
    by_name
        .or_else(by_deed)
        .map_or(Tier::Gateway, |(_, tier)| tier)
}
