//! Prometheus: one server that receives OTLP and keeps series on its own disk.
//!
//! One replica, on purpose. Two servers that are pushed to do not hold the same series unless everything is sent
//! to both, and nothing in front of them would remove what is double.

mod config;

pub use config::{
    Global, OtlpSettings, PrometheusYml, Retention, ScrapeConfig, StaticTargets, StorageSettings,
    Tsdb,
};

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Exposure, Module, Port, Scope};

use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, http_probe},
    protocol::{PromQl, PrometheusOtlp, RemoteWrite},
    units::{Days, GIB, MIB, days, millicores},
    workload::Workload,
};

const WEB: Port<PromQl> = Port::new("web", 9090);

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
            scrape_configs: vec![ScrapeConfig {
                job_name: "prometheus".to_owned(),
                static_configs: vec![StaticTargets {
                    targets: vec![format!("localhost:{}", WEB.number)],
                }],
            }],
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
        pod.config(config, "/etc/prometheus");
        for arg in [
            "--config.file=/etc/prometheus/prometheus.yml",
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
        let set = scope.add(self.workload(config.name()));
        scope.expose_as(Exposure::headless(), &set, WEB);
        let query = scope.expose(&set, WEB);
        PrometheusOutputs {
            otlp: query.also(),
            remote_write: query.also(),
            query,
        }
    }
}
