//! Jaeger v2 on Elasticsearch: one program writes, the same program with another configuration answers.
//!
//! Spans lie in one index a day, and a `CronJob` deletes those that are older than [`Jaeger::keep`]; or Elasticsearch
//! begins and deletes them by a lifecycle policy ([`IndexRotation::BySize`]). Never both, and never neither: without
//! one of them they would stay until the disk is full.

mod config;
mod in_memory;
mod jobs;
mod parts;
mod storage;

pub use in_memory::JaegerInMemory;
pub use storage::IndexRotation;

use std::ops::RangeInclusive;

use k8s_openapi::api::batch::v1::Job;
use provider_core::{Destination, Endpoint, Exposure, Finding, Module, Port, Ref, Scope};

use self::storage::{Metrics, Storage};
use crate::{
    collector::Autoscale,
    elasticsearch::{Cluster, ElasticsearchOutputs, LifecyclePolicy, Request, Wish},
    protocol::{ElasticsearchApi, Http, JaegerQuery, JaegerSampling, OTLP_GRPC, Otlp, PromQl},
    tls,
    units::{Days, GIB, days},
};

const QUERY_HTTP: Port<JaegerQuery> = Port::new("query-http", 16686);
const QUERY_GRPC: Port<Http> = Port::new("query-grpc", 16685);
const SAMPLING_HTTP: Port<JaegerSampling> = Port::new("sampling-http", 5778);
const SAMPLING_GRPC: Port<Http> = Port::new("sampling-grpc", 5779);
const HEALTH: Port<Http> = Port::new("health", 13133);
const SELF_METRICS: Port<Http> = Port::new("metrics", 8888);

/// Jaeger, which keeps and shows traces.
///
/// ```
/// # use modules::{Elasticsearch, Jaeger, units::days};
/// # fn tracing(stack: &mut provider_core::Scope<'_>) {
/// let search = stack.add(Elasticsearch::new("search").nodes(3));
/// let jaeger = stack.add(Jaeger::new("jaeger", &search).keep(days(7)));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Jaeger {
    name: String,
    api: Endpoint<ElasticsearchApi>,
    cluster: Cluster,
    nodes: u32,
    keep: Days,
    rotation: IndexRotation,
    collectors: u32,
    scale: Option<Autoscale>,
    queries: u32,
    memory: u64,
    archives: bool,
    path: String,
    advice: Option<Sampling>,
    counts: Metrics,
    asks: Option<Destination>,
}

/// Which traces programs are told to begin, when they ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampling {
    /// This share of all, from 0 to 1.
    Share(f64),
    /// As many as it takes for each operation to begin about so many a second.
    Adaptive {
        /// How many.
        traces_per_second: f64,
    },
}

/// What others may refer to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JaegerOutputs {
    /// Where spans are sent to.
    pub otlp: Endpoint<Otlp>,
    /// The user interface and its API.
    pub query: Endpoint<JaegerQuery>,
    /// Where programs ask which traces to begin, if [`Jaeger::sampling`] was said.
    pub sampling: Option<Endpoint<JaegerSampling>>,
}

impl Jaeger {
    /// A Jaeger that keeps its traces in `storage`, for a week.
    pub fn new(name: &str, storage: &ElasticsearchOutputs) -> Self {
        Self {
            name: name.to_owned(),
            api: storage.api.clone(),
            cluster: storage.cluster.clone(),
            nodes: storage.nodes,
            keep: days(7),
            rotation: IndexRotation::Daily,
            collectors: 2,
            scale: None,
            queries: 2,
            memory: GIB,
            archives: false,
            path: String::new(),
            advice: None,
            counts: Metrics::None,
            asks: None,
        }
    }

    /// Keeps traces so long.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So many Pods that write, and so many that answer.
    #[must_use]
    pub fn replicas(mut self, collectors: u32, queries: u32) -> Self {
        self.collectors = collectors;
        self.queries = queries;
        self
    }

    /// Lets the cluster decide how many Pods write, by how busy their processors are.
    #[must_use]
    pub fn autoscale(mut self, range: RangeInclusive<u32>) -> Self {
        self.collectors = *range.start();
        self.scale = Some(Autoscale::by_cpu(range));
        self
    }

    /// When a new index is begun, and how old ones go.
    #[must_use]
    pub fn rotation(mut self, rotation: IndexRotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// So much memory for each Pod that writes.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Shows rates and durations of calls, which Prometheus knows from a collector's span metrics.
    #[must_use]
    pub fn metrics(mut self, prometheus: &Endpoint<PromQl>) -> Self {
        self.counts = Metrics::Prometheus(prometheus.url());
        self.asks = Some(prometheus.destination().clone());
        self
    }

    /// Shows rates and durations of calls, which Elasticsearch counts from the spans it has. Where traces are sampled,
    /// these are rates of what was kept.
    #[must_use]
    pub fn metrics_from_spans(mut self) -> Self {
        self.counts = Metrics::Counted;
        self.asks = None;
        self
    }

    /// Lets people keep a trace for longer than the others: in the archive nothing is ever deleted.
    #[must_use]
    pub fn archive(mut self) -> Self {
        self.archives = true;
        self
    }

    /// Serves the user interface and its API below a path such as `/jaeger`. Grafana has to know it:
    /// `Source::of(&jaeger.query).below("/jaeger")`.
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Tells programs that ask which traces to begin.
    #[must_use]
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.advice = Some(sampling);
        self
    }

    fn samples_adaptively(&self) -> bool {
        matches!(self.advice, Some(Sampling::Adaptive { .. }))
    }

    fn storage(&self) -> Storage {
        Storage {
            url: self.api.url(),
            prefix: self.name.clone(),
            nodes: self.nodes,
            keep: self.keep,
            rotation: self.rotation,
            archive: self.archives,
            metrics: self.counts.clone(),
        }
    }

    /// Sees to it that old indices go, and that those are there which nobody else begins. Gives back what the
    /// programs have to wait for.
    fn indices(&self, scope: &mut Scope<'_>, storage: &Storage) -> Vec<Ref<Job>> {
        let mut first = Vec::new();
        match self.rotation {
            IndexRotation::Daily => {
                let cleaner = self.cleaner(scope, storage);
                scope.connect(&cleaner, self.api.destination());
            }
            IndexRotation::BySize => {
                let begin = self.begin(scope, storage);
                let policy = LifecyclePolicy::keep(self.keep);
                let wish = Request::policy(&storage.policy(), &policy);
                // Indices cannot be begun by a policy that is not there.
                scope.announce(Wish::of(&self.cluster, vec![wish]).before(&begin));
                first.push(begin);
            }
        }
        if self.archives {
            first.push(self.begin_archive(scope, storage));
        }
        first
    }

    fn notes(&self, scope: &mut Scope<'_>) {
        let message = format!("the dependency graph of `{}` stays empty", self.name);
        let hint = "a job of its own works it out of the spans (jaeger-spark-dependencies); the service graph of span metrics shows the same";
        scope.note(Finding::new("jaeger-dependencies", message).hint(hint));
    }
}

impl Module for Jaeger {
    type Outputs = JaegerOutputs;

    fn build(self, scope: &mut Scope<'_>) -> JaegerOutputs {
        self.notes(scope);
        let storage = self.storage();
        let first = self.indices(scope, &storage);
        let collector = self.collector(scope, &storage);
        let query = self.query(scope, &storage);
        for part in [&collector, &query] {
            scope.connect(part, self.api.destination());
            for job in &first {
                scope.depends_on(part, job);
            }
        }
        // Nobody is let in whose user the Job has not made.
        let asking = Wish::of(&self.cluster, Vec::new()).before(&collector);
        scope.announce(asking.before(&query));
        let (security, shown) = (tls::collector_security(scope), tls::security(scope));
        let sampling = self.advice.map(|_| {
            let service = Exposure::service().named(format!("{}-sampling", self.name));
            let grpc = SAMPLING_GRPC.secured(security);
            scope.expose_as(service.clone(), &collector, grpc);
            scope.expose_as(service, &collector, SAMPLING_HTTP.secured(security))
        });
        // gRPC senders balance over the Pods themselves.
        let receivers = Exposure::headless().named(format!("{}-collector", self.name));
        JaegerOutputs {
            otlp: scope.expose_as(receivers, &collector, OTLP_GRPC.secured(security)),
            query: scope.expose(&query, QUERY_HTTP.secured(shown)),
            sampling,
        }
    }
}
