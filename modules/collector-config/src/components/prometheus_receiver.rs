//! The receiver that fetches metrics as a Prometheus server does.

use super::{Settings, connection::ClientTls};
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Need, Reach, Rule, Signal, Stability, Traffic};

settings! {
    /// Fetches metrics as a Prometheus server does.
    pub struct PrometheusReceiver {
        /// What it fetches, in the language of Prometheus.
        pub config: PrometheusConfig,
        /// Whether endings such as `_total` are taken off names.
        pub trim_metric_suffixes: bool,
        /// The program that tells each of several collectors what to fetch.
        pub target_allocator: Option<TargetAllocator>,
        /// The pages of a Prometheus server, for looking at targets.
        pub api_server: Settings,
        /// Whether it fetches once more before it ends.
        pub scrape_on_shutdown: bool,
        /// Whether targets are looked for at once.
        pub discovery_reload_on_startup: bool,
        /// How long it waits before it fetches for the first time.
        pub initial_scrape_offset: Option<Duration>,
    }

    /// What is fetched, in the language of Prometheus: durations are texts such as `30s`, and a `$` in a replacement is
    /// written twice.
    pub struct PrometheusConfig {
        /// What holds for all.
        pub global: Settings,
        /// What is fetched.
        pub scrape_configs: Vec<Settings>,
        /// Files with more of it.
        pub scrape_config_files: Vec<String>,
        /// How much is read in one go, and other limits of a server.
        pub runtime: Settings,
        /// Written to other servers; refused by the collector, which has exporters.
        pub remote_write: Vec<Settings>,
        /// Read from other servers; refused by the collector.
        pub remote_read: Vec<Settings>,
        /// Rules; refused by the collector.
        pub rule_files: Vec<String>,
        /// Whom alerts are sent to; refused by the collector.
        pub alerting: Settings,
        /// How the server stores; without effect here.
        pub storage: Settings,
    }

    /// The program that tells each of several collectors what to fetch.
    pub struct TargetAllocator {
        /// Its URL.
        pub endpoint: String,
        /// How often it is asked.
        pub interval: Option<Duration>,
        /// What this collector is called there; `${env:POD_NAME}`.
        pub collector_id: String,
        /// TLS for `https` URLs.
        pub tls: ClientTls,
        /// How long an answer may take.
        pub timeout: Option<Duration>,
        /// How it is asked, in the language of Prometheus.
        pub http_sd_config: Settings,
        /// How targets are asked, in the language of Prometheus.
        pub http_scrape_config: Settings,
    }
}

impl PrometheusReceiver {
    /// Fetches what these say, each a scrape configuration of Prometheus.
    pub fn scraping(scrape_configs: Vec<Settings>) -> Self {
        let config = PrometheusConfig {
            scrape_configs,
            ..PrometheusConfig::default()
        };
        Self {
            config,
            ..Self::default()
        }
    }
}

impl PrometheusConfig {
    /// The settings of a server that the receiver has no use for, and refuses.
    fn refused(&self) -> impl Iterator<Item = String> {
        let fields = [
            ("remote_write", !self.remote_write.is_empty()),
            ("remote_read", !self.remote_read.is_empty()),
            ("rule_files", !self.rule_files.is_empty()),
            ("alerting", !self.alerting.is_empty()),
        ];
        let there = fields.into_iter().filter(|(_, there)| *there);
        there.map(|(field, _)| format!("config.{field}: only a Prometheus server can do that"))
    }

    fn jobs(&self) -> impl Iterator<Item = String> {
        let name = |config: &Settings| {
            config
                .get("job_name")
                .and_then(|name| name.as_str().map(str::to_owned))
        };
        let mut seen = std::collections::BTreeSet::new();
        self.scrape_configs
            .iter()
            .filter_map(move |config| match name(config) {
                None => Some("config.scrape_configs: a `job_name` is missing".to_owned()),
                Some(job) if !seen.insert(job.clone()) => Some(format!(
                    "config.scrape_configs: the job `{job}` is there twice"
                )),
                Some(_) => None,
            })
    }

    /// Which kinds of objects the jobs look for in the cluster.
    fn roles(&self) -> impl Iterator<Item = &str> {
        let discoveries = self
            .scrape_configs
            .iter()
            .filter_map(|config| config.get("kubernetes_sd_configs")?.as_array());
        discoveries
            .flatten()
            .filter_map(|discovery| discovery.get("role")?.as_str())
    }
}

/// What it takes to look for targets of a role: the API group and the kind.
fn kinds_of(role: &str) -> &'static [(&'static str, &'static str)] {
    match role {
        "node" => &[("", "nodes")],
        "pod" => &[("", "pods")],
        "service" => &[("", "services")],
        "ingress" => &[("networking.k8s.io", "ingresses")],
        "endpoints" => &[("", "endpoints"), ("", "pods"), ("", "services")],
        "endpointslice" => &[
            ("", "pods"),
            ("", "services"),
            ("discovery.k8s.io", "endpointslices"),
        ],
        _ => &[],
    }
}

impl Component for PrometheusReceiver {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "prometheus")
        .within(Distribution::CORE)
        .signals(&[Signal::Metrics])
        .ripe(Stability::Beta);

    fn needs(&self) -> Vec<Need> {
        let kinds = self.config.roles().flat_map(kinds_of);
        let rules = kinds.map(|(group, kind)| Rule::follow(Reach::Cluster, group, kind));
        let allocator = self.target_allocator.as_ref();
        let asked = allocator.map(|allocator| Traffic::Endpoint(allocator.endpoint.clone()));
        rules
            .map(Need::Rule)
            .chain(asked.map(Need::Traffic))
            .collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let PrometheusConfig {
            scrape_configs,
            scrape_config_files,
            ..
        } = &self.config;
        let nothing = scrape_configs.is_empty()
            && scrape_config_files.is_empty()
            && self.target_allocator.is_none();
        let nothing =
            nothing.then(|| "`config.scrape_configs` or `target_allocator` is needed".to_owned());
        let allocator = self
            .target_allocator
            .iter()
            .flat_map(TargetAllocator::mistakes);
        let config = self.config.refused().chain(self.config.jobs());
        config.chain(nothing).chain(allocator).collect()
    }
}

impl TargetAllocator {
    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let url = self.endpoint.contains("://") || self.endpoint.starts_with("${");
        if !url {
            found.push(format!(
                "target_allocator: `endpoint` must be a URL: `{}`",
                self.endpoint
            ));
        }
        if self.collector_id.is_empty() {
            found.push("target_allocator: `collector_id` is missing".to_owned());
        }
        if self
            .interval
            .is_none_or(|interval| interval == Duration::ZERO)
        {
            found.push("target_allocator: `interval` must be positive".to_owned());
        }
        found
    }
}
