//! Prometheus: one server that receives OTLP and keeps series on its own disk.
//!
//! One replica, on purpose. Two servers that are pushed to do not hold the same series unless everything is sent
//! to both, and nothing in front of them would remove what is double.
//!
//! It measures everything that the modules of the stack announce, and works out all rules that they announce. Both
//! stand in ConfigMaps of fixed names, whose files it reads again when they change: nothing restarts for a new rule.

mod config;
mod scrape;

pub use config::{
    Global, KubernetesPods, Namespaces, OtlpSettings, PrometheusYml, Relabel, Retention,
    ScrapeConfig, ScrapeFile, StorageSettings, Tsdb,
};

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::ServiceAccount};
use provider_core::{Endpoint, Exposure, Module, Port, Ref, Scope};

use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, http_probe},
    protocol::{PromQl, PrometheusOtlp, RemoteWrite},
    units::{Days, GIB, MIB, days, millicores},
    watch::{self, Count, Role, Watched},
    workload::Workload,
};

const WEB: Port<PromQl> = Port::new("web", 9090);
const SCRAPE: &str = "/etc/prometheus/scrape";
const RULES: &str = "/etc/prometheus/rules";

/// A Prometheus server.
///
/// ```
/// # use modules::{Prometheus, units::{GIB, days}};
/// let prometheus = Prometheus::new("prometheus").keep(days(30)).storage(200 * GIB);
/// ```
#[derive(Clone, Debug)]
pub struct Prometheus {
    name: String,
    keep: Days,
    storage: u64,
    memory: u64,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct PrometheusOutputs {
    /// Where metrics are sent to.
    pub otlp: Endpoint<PrometheusOtlp>,
    /// Where metrics are sent to in Prometheus' own way.
    pub remote_write: Endpoint<RemoteWrite>,
    /// Where questions are asked.
    pub query: Endpoint<PromQl>,
}

impl Prometheus {
    /// A server that keeps 15 days on 100 GiB.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keep: days(15),
            storage: 100 * GIB,
            memory: 4 * GIB,
        }
    }

    /// Keeps series so long, or until its disk is nearly full.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// So much memory; some kilobytes for each series that is written to.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    fn settings(&self, stack: &str) -> PrometheusYml {
        let labels = [("cluster", stack), ("prometheus", self.name.as_str())];
        PrometheusYml {
            global: Global {
                scrape_interval: "30s".to_owned(),
                evaluation_interval: "30s".to_owned(),
                external_labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            },
            otlp: OtlpSettings {
                promote_resource_attributes: config::PROMOTED.map(str::to_owned).to_vec(),
                translation_strategy: "UnderscoreEscapingWithSuffixes".to_owned(),
                keep_identifying_resource_attributes: false,
            },
            storage: StorageSettings {
                tsdb: Tsdb {
                    retention: Retention {
                        time: self.keep.to_string(),
                        // The rest is for the log of writes and for merging blocks.
                        size: format!("{}MB", self.storage / 100 * 80 / MIB),
                    },
                    out_of_order_time_window: "30m".to_owned(),
                },
            },
            scrape_config_files: vec![format!("{SCRAPE}/*.yml")],
            rule_files: vec![format!("{RULES}/*.yml")],
        }
    }

    fn workload(&self, config: &str) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::PROMETHEUS)
            .listen(WEB)
            .cpu(millicores(500))
            .memory(self.memory)
            .keep(self.storage, "/prometheus");
        set.serves_as = Some(format!("{}-headless", self.name));
        let pod = &mut set.pod;
        pod.user = User::new(65534);
        pod.component = Some("metrics");
        pod.config(config, "/etc/prometheus/config");
        for (kind, path) in [("scrape", SCRAPE), ("rules", RULES)] {
            pod.config_map(kind, &format!("{}-{kind}", self.name), path);
        }
        pod.account = Some(self.name.clone());
        for arg in [
            "--config.file=/etc/prometheus/config/prometheus.yml",
            // Also when a file changes that it names.
            "--config.auto-reload",
            "--storage.tsdb.path=/prometheus",
            "--web.enable-otlp-receiver",
            "--web.enable-remote-write-receiver",
        ] {
            pod.arg(arg);
        }
        // After a crash it reads its log of writes again, which takes minutes for large servers.
        pod.container.startup_probe = Some(every(http_probe(WEB.name, "/-/ready"), 15, 120));
        pod.container.readiness_probe = Some(every(http_probe(WEB.name, "/-/ready"), 10, 3));
        pod.container.liveness_probe = Some(every(http_probe(WEB.name, "/-/healthy"), 15, 6));
        pod.grace_seconds = Some(300);
        set
    }
}

impl Module for Prometheus {
    type Outputs = PrometheusOutputs;

    fn build(self, scope: &mut Scope<'_>) -> PrometheusOutputs {
        let settings = self.settings(scope.stack());
        let files = Files::one("prometheus.yml", yaml(&settings));
        let config = files.build(scope, &self.name);
        let account = scrape::account(scope, &self.name);
        let set = scope.add(self.workload(config.name()));
        scope.expose_as(Exposure::headless(), &set, WEB);
        let query = scope.expose(&set, WEB);
        let watched = Watched::new(&set, WEB).role(Role::Prometheus);
        scope.announce(watched.count(Count::Replicas(1)));
        let name = self.name;
        scope.at_end(move |scope| observe(scope, &name, &set, &account));
        PrometheusOutputs {
            otlp: query.also(),
            remote_write: query.also(),
            query,
        }
    }
}

/// Measures what was announced, and works out the rules.
fn observe(
    scope: &mut Scope<'_>,
    name: &str,
    server: &Ref<StatefulSet>,
    account: &Ref<ServiceAccount>,
) {
    let watched = watch::watched(scope);
    let files = Files::one("stack.yml", yaml(&scrape::file(&watched)));
    files.build_reloaded(scope, name, "scrape");
    let mut files = Files::default();
    for rules in watch::rules(scope) {
        files.add(&rules.file, rules.content);
    }
    files.build_reloaded(scope, name, "rules");
    scrape::allow(scope, server, account, &watched);
}
