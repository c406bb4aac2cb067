//! How does VictoriaMetrics find what it measures? As Prometheus does; a cluster through an agent.

use std::collections::BTreeMap;

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::ServiceAccount};
use provider_core::{Endpoint, Pods, Port, Ref, Scope};
use serde::{Deserialize, Serialize};

use super::program;
use crate::{
    file::{Files, yaml},
    image,
    pod::Pod,
    prometheus::{Measures, ScrapeConfig, TakesSamples, load::INTERVAL_SECONDS, scrape},
    protocol::Http,
    units::{GIB, MIB, millicores},
    watch::{self, Count, Role, Watched},
    workload::Workload,
};

const WEB: Port<Http> = Port::new("web", 8429);
const SCRAPE: &str = "/etc/victoria/scrape";

/// What is measured, as VictoriaMetrics reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentYml {
    /// What holds for everything.
    pub global: AgentGlobal,
    /// By the names of their jobs.
    pub scrape_configs: Vec<ScrapeConfig>,
}

/// What holds for everything that is measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentGlobal {
    /// How often targets are asked.
    pub scrape_interval: String,
    /// Labels of everything that was asked for.
    pub external_labels: BTreeMap<String, String>,
}

/// An agent that measures for a cluster, and keeps what it cannot send yet on a disk of its own.
pub(super) fn agent<P: TakesSamples>(
    scope: &mut Scope<'_>,
    name: &str,
    store: &Endpoint<P>,
) -> Ref<StatefulSet> {
    let mut set = Workload::stateful(name, image::VMAGENT)
        .listen(WEB)
        .cpu(millicores(100))
        .memory(512 * MIB)
        .keep(10 * GIB, "/buffer");
    let pod = &mut set.pod;
    program::prepare(pod, "metrics", WEB);
    pod.arg(format!("-remoteWrite.url={}{}", store.url(), P::PATH));
    program::trusts(pod, "remoteWrite", store);
    pod.arg("-remoteWrite.tmpDataPath=/buffer");
    // The rest of the disk is for what is being written.
    pod.arg("-remoteWrite.maxDiskUsagePerURL=8GiB");
    scrapes(pod, name);
    pod.account = Some(name.to_owned());
    let web = WEB.secured(program::secure(scope, pod));
    let set = scope.add(set);
    scope.connect(&set, store.destination());
    let watched = Watched::new(&set, web).role(Role::Vmagent);
    scope.announce(watched.count(Count::Replicas(1)));
    set
}

/// A process of that name reads what it measures from a file, again when it changes.
pub(super) fn scrapes(pod: &mut Pod, name: &str) {
    pod.config_map("scrape", &format!("{name}-scrape"), SCRAPE);
    pod.arg(format!("-promscrape.config={SCRAPE}/stack.yml"));
    pod.arg("-promscrape.configCheckInterval=30s");
}

/// Measures what was announced, at the end.
pub(super) fn observe(
    scope: &mut Scope<'_>,
    name: &str,
    measures: Measures,
    pods: &Ref<StatefulSet>,
    account: Ref<ServiceAccount>,
) {
    let (name, pods) = (name.to_owned(), pods.clone());
    scope.at_end(move |scope| {
        let mut watched = watch::watched(scope);
        if measures == Measures::Itself {
            watched.retain(|one| one.pods == Pods::from(&pods));
        }
        let cluster = ("cluster".to_owned(), scope.stack().to_owned());
        let settings = AgentYml {
            global: AgentGlobal {
                scrape_interval: format!("{INTERVAL_SECONDS}s"),
                external_labels: [cluster].into(),
            },
            scrape_configs: scrape::file(&watched).scrape_configs,
        };
        let files = Files::one("stack.yml", yaml(&settings));
        files.build_reloaded(scope, &name, "scrape");
        scrape::allow(scope, &pods, &account, &watched);
    });
}
