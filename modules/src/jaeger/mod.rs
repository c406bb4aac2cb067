//! Jaeger v2 on Elasticsearch: one program writes, the same program with another configuration answers.
//!
//! Spans lie in one index a day. A `CronJob` deletes those that are older than [`Jaeger::keep`]; without one they
//! would stay until the disk is full.

mod config;
mod in_memory;

pub use in_memory::JaegerInMemory;

use collector_config::{Config, Release};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec},
};
use provider_core::{Endpoint, Exposure, Module, Port, Ref, Scope, kube_core::ObjectMeta};

use self::config::Storage;
use crate::{
    collector::{Memory, budget},
    elasticsearch::ElasticsearchOutputs,
    file::Files,
    image,
    pod::{Pod, User, every, http_probe},
    protocol::{ElasticsearchApi, Http, JaegerQuery, OTLP_GRPC, OTLP_HTTP, Otlp},
    units::{Days, GIB, MIB, days, millicores},
    workload::Workload,
};

const QUERY_HTTP: Port<JaegerQuery> = Port::new("query-http", 16686);
const QUERY_GRPC: Port<Http> = Port::new("query-grpc", 16685);
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
    nodes: u32,
    keep: Days,
    collectors: u32,
    queries: u32,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct JaegerOutputs {
    /// Where spans are sent to.
    pub otlp: Endpoint<Otlp>,
    /// The user interface and its API.
    pub query: Endpoint<JaegerQuery>,
}

impl Jaeger {
    /// A Jaeger that keeps its traces in `storage`, for a week.
    pub fn new(name: &str, storage: &ElasticsearchOutputs) -> Self {
        Self {
            name: name.to_owned(),
            api: storage.api.clone(),
            nodes: storage.nodes,
            keep: days(7),
            collectors: 2,
            queries: 2,
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

    fn collector(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Deployment> {
        let name = format!("{}-collector", self.name);
        let limit = GIB;
        let queue = budget(scope, &name, Memory::of(limit).queues(1)).queue;
        let config = config::collector(&storage.extension(), queue);
        let mut workload = program(scope, &name, "collector", &config, limit)
            .replicas(self.collectors)
            .cpu(millicores(500));
        workload.pod.listen(OTLP_GRPC);
        workload.pod.listen(OTLP_HTTP);
        // What is still queued has to be written.
        workload.pod.grace_seconds = Some(60);
        scope.add(workload)
    }

    fn query(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Deployment> {
        let name = format!("{}-query", self.name);
        let config = config::query(&storage.extension());
        let mut workload = program(scope, &name, "query", &config, 512 * MIB)
            .replicas(self.queries)
            .cpu(millicores(250));
        workload.pod.listen(QUERY_HTTP);
        workload.pod.listen(QUERY_GRPC);
        scope.add(workload)
    }

    /// Deletes old indices, shortly after each day has ended in UTC.
    fn cleaner(&self, scope: &mut Scope<'_>) -> Ref<CronJob> {
        let name = format!("{}-index-cleaner", self.name);
        let mut pod = Pod::new(&name, image::JAEGER_INDEX_CLEANER);
        pod.user = User::new(10001);
        pod.component = Some("index-cleaner");
        pod.resources.cpu = millicores(50);
        pod.resources.memory_request = 64 * MIB;
        pod.resources.memory_limit = 128 * MIB;
        pod.arg(self.keep.count().to_string());
        pod.arg(self.api.url());
        pod.arg(format!("--index-prefix={}", self.name));
        let labels = pod.labels(scope.stack());
        let mut template = pod.template(scope.stack(), 1);
        if let Some(spec) = &mut template.spec {
            spec.restart_policy = Some("Never".to_owned());
        }
        let job = JobSpec {
            active_deadline_seconds: Some(600),
            backoff_limit: Some(3),
            template,
            ..JobSpec::default()
        };
        scope.add(CronJob {
            metadata: ObjectMeta {
                name: Some(name),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            spec: CronJobSpec {
                concurrency_policy: Some("Forbid".to_owned()),
                failed_jobs_history_limit: Some(3),
                job_template: JobTemplateSpec {
                    metadata: None,
                    spec: Some(job),
                },
                schedule: "20 0 * * *".to_owned(),
                // A cluster that slept through the hour makes up for it.
                starting_deadline_seconds: Some(3600),
                successful_jobs_history_limit: Some(1),
                time_zone: Some("Etc/UTC".to_owned()),
                ..CronJobSpec::default()
            },
            status: None,
        })
    }
}

impl Module for Jaeger {
    type Outputs = JaegerOutputs;

    fn build(self, scope: &mut Scope<'_>) -> JaegerOutputs {
        let storage = Storage {
            url: self.api.url(),
            prefix: self.name.clone(),
            nodes: self.nodes,
            keep: self.keep,
        };
        let collector = self.collector(scope, &storage);
        let query = self.query(scope, &storage);
        let cleaner = self.cleaner(scope);
        let search = self.api.destination();
        scope.connect(&collector, search);
        scope.connect(&query, search);
        scope.connect(&cleaner, search);
        // gRPC senders balance over the Pods themselves.
        let receivers = Exposure::headless().named(format!("{}-collector", self.name));
        JaegerOutputs {
            otlp: scope.expose_as(receivers, &collector, OTLP_GRPC),
            query: scope.expose(&query, QUERY_HTTP),
        }
    }
}

/// A Pod of the program that both parts are.
fn program(
    scope: &mut Scope<'_>,
    name: &str,
    component: &'static str,
    config: &Config,
    memory: u64,
) -> Workload<Deployment> {
    crate::collector::check(scope, name, config, Release::JAEGER);
    let files = Files::one("config.yaml", config.to_yaml(Release::JAEGER));
    let files = files.build(scope, name);
    let mut workload = Workload::stateless(name, image::JAEGER).memory(memory);
    let pod = &mut workload.pod;
    pod.user = User::new(10001);
    pod.component = Some(component);
    pod.config(files.name(), "/etc/jaeger");
    pod.arg("--config=/etc/jaeger/config.yaml");
    let go_limit = Memory::of(memory).go_limit();
    pod.env("GOMEMLIMIT", crate::units::go_bytes(go_limit));
    pod.listen(HEALTH);
    pod.listen(SELF_METRICS);
    let status = || http_probe(HEALTH.name, "/status");
    pod.container.startup_probe = Some(every(status(), 5, 60));
    pod.container.readiness_probe = Some(every(status(), 10, 3));
    pod.leave_slowly(5);
    workload
}
