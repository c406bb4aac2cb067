//! Loki: logs, on the disk of one process or in a bucket that several share.
//!
//! One process with its own disk is right up to some twenty gigabytes a day. Several need a store that all of them
//! see: [`Loki::bucket`] gives them one, and three of them go on when one is missing. Each does everything
//! (`-target=all`); which one of them merges indices and deletes is what they agree on among themselves.
//!
//! Labels are chosen here and not by senders: attributes with few values that outlive a Pod. The rest of a resource's
//! attributes stays with each line, and is searched there.

mod check;
mod config;
mod schema;
mod settings;
mod store;

pub use config::{
    Analytics, AttributesConfig, BucketYaml, ClientTlsYaml, Common, CommonStorage, Compactor,
    Filesystem, GcsYaml, GrpcClient, IndexPeriod, Ingester, KvStore, Limits, LokiYaml, Memberlist,
    OtlpConfig, PeriodYaml, ResourceAttributes, Ring, S3Yaml, SchemaConfig, Server, ServerTlsYaml,
    StorageConfig, Wal, Worker,
};
pub use schema::{Day, Keeps, Period, Schema};
pub use store::{InBucket, OnDisk, OneTenant, Store, Tenancy, TenantLogQl, TenantOtlp, Tenants};

use std::marker::PhantomData;

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Exposure, Module, Port, Protocol, Ref, Scope, Security};

use crate::{
    file::{Files, yaml},
    image,
    object_store::ObjectStore,
    pod::{Pod, User, every, http_probe},
    protocol::Http,
    tls::{self, Reads},
    units::{self, Days, GIB, days, millicores},
    watch::{Count, Role, Watched},
    workload::Workload,
};

const HTTP: Port<Http> = Port::new("http", 3100);
/// Between its parts.
const GRPC: Port<Grpc> = Port::new("grpc", 9095);
/// Between processes that find each other. Over TCP only, packets too: that is how Loki gossips.
const MEMBERS: Port<Gossip> = Port::new("members", 7946);
const HOME: &str = "/loki";

/// Loki's own parts among themselves.
#[derive(Clone, Copy, Debug)]
enum Grpc {}

/// How processes find each other.
#[derive(Clone, Copy, Debug)]
enum Gossip {}

impl Protocol for Grpc {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("grpc");
}

impl Protocol for Gossip {
    const SCHEME: &'static str = "tcp";
}

/// A Loki.
///
/// ```
/// use modules::{Loki, ObjectStore, units::days};
/// use provider_core::Scope;
///
/// fn logs(stack: &mut Scope<'_>) {
///     stack.add(Loki::new("small").keep(days(30)));
///
///     let bucket = ObjectStore::s3("logs").region("eu-central-1").role("arn:aws:iam::111122223333:role/logs");
///     stack.add(Loki::new("large").keep(days(90)).bucket(bucket).replicas(3));
/// }
/// ```
///
/// What one process keeps on its own disk, others would not see:
///
/// ```compile_fail
/// modules::Loki::new("loki").replicas(3);
/// ```
#[derive(Clone, Debug)]
pub struct Loki<S = OnDisk, T = OneTenant> {
    name: String,
    keep: Days,
    storage: u64,
    memory: u64,
    ingest: u32,
    streams: u32,
    labels: Vec<String>,
    periods: Option<Vec<Period>>,
    store: S,
    tenancy: PhantomData<fn() -> T>,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct LokiOutputs<T: Tenancy = OneTenant> {
    /// Where logs are sent to.
    pub otlp: Endpoint<T::Otlp>,
    /// Where questions are asked.
    pub query: Endpoint<T::Query>,
}

impl Loki {
    /// A Loki that keeps 30 days on 50 GiB of its own disk.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keep: days(30),
            storage: 50 * GIB,
            memory: 2 * GIB,
            ingest: 8,
            streams: 10_000,
            labels: config::LABELS.map(str::to_owned).to_vec(),
            periods: None,
            store: OnDisk,
            tenancy: PhantomData,
        }
    }
}

impl<T: Tenancy> Loki<OnDisk, T> {
    /// Keeps logs in a bucket, written by three processes.
    ///
    /// Logs that it kept on its disk before are found again only if [`periods`](Loki::periods) says since when they
    /// are in the bucket.
    #[must_use]
    pub fn bucket(self, store: impl Into<ObjectStore>) -> Loki<InBucket, T> {
        let store = InBucket {
            store: store.into(),
            wanted: 3,
        };
        self.with(|OnDisk| store)
    }
}

impl<T: Tenancy> Loki<InBucket, T> {
    /// So many processes. Three are the fewest that go on without one.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.store.wanted = replicas;
        self
    }
}

impl<S: Store> Loki<S, OneTenant> {
    /// Keeps the logs of tenants apart: whoever sends or asks names one, as in
    /// `logs().export_as(&loki.otlp, "shop")` and `grafana.source_as(&loki.query, "shop")`. Nobody proves to be one;
    /// the network policies say who may send and ask at all.
    #[must_use]
    pub fn tenants(self) -> Loki<S, Tenants> {
        self.with(|store| store)
    }
}

impl<S, T> Loki<S, T> {
    /// The same with another store or other tenants.
    fn with<S2, T2>(self, store: impl FnOnce(S) -> S2) -> Loki<S2, T2> {
        Loki {
            name: self.name,
            keep: self.keep,
            storage: self.storage,
            memory: self.memory,
            ingest: self.ingest,
            streams: self.streams,
            labels: self.labels,
            periods: self.periods,
            store: store(self.store),
            tenancy: PhantomData,
        }
    }
}

impl<S: Store, T: Tenancy> Loki<S, T> {
    /// Keeps logs so long.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk for each process. Without a bucket it has to hold what is kept, and nothing is deleted when it is
    /// full; with one it holds what is not in the bucket yet.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// So much memory for each process.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Takes so many megabytes a second, from each tenant if there are some. More is refused until it is less.
    #[must_use]
    pub fn ingest(mut self, megabytes_per_second: u32) -> Self {
        self.ingest = megabytes_per_second;
        self
    }

    /// Takes so many streams at a time, which are the different sets of labels.
    #[must_use]
    pub fn streams(mut self, most: u32) -> Self {
        self.streams = most;
        self
    }

    /// Makes a label of one more resource attribute. It must have few values.
    #[must_use]
    pub fn label(mut self, attribute: &str) -> Self {
        self.labels.push(attribute.to_owned());
        self
    }

    /// How logs are laid out, by the day from which it holds; for a Loki whose logs are there already.
    #[must_use]
    pub fn periods(mut self, periods: impl IntoIterator<Item = Period>) -> Self {
        self.periods = Some(periods.into_iter().collect());
        self
    }

    fn all_periods(&self) -> Vec<Period> {
        let usual = || store::usual_periods(&self.store);
        self.periods.clone().unwrap_or_else(usual)
    }

    fn workload(&self, config: &str) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::LOKI)
            .listen(HTTP)
            .replicas(self.store.replicas())
            .cpu(millicores(500))
            .memory(self.memory)
            .keep(self.storage, HOME);
        set.serves_as = Some(format!("{}-headless", self.name));
        // Each waits for the others to find it, so none must wait for another to be ready.
        set.parallel = self.several();
        let pod = &mut set.pod;
        pod.user = User::new(10001);
        pod.component = Some("logs");
        pod.config(config, "/etc/loki");
        pod.env("GOMEMLIMIT", units::go_bytes(self.memory / 10 * 8));
        if self.several() {
            pod.listen(GRPC);
            pod.listen(MEMBERS);
            pod.env_field("POD_IP", "status.podIP");
            pod.arg("-config.expand-env=true");
        }
        pod.arg("-config.file=/etc/loki/loki.yaml");
        pod.arg("-target=all");
        // A process that has just started waits a while before it says that it is ready, and reads what it had
        // accepted and not stored again before that.
        let ready = || http_probe(HTTP.name, "/ready");
        pod.container.startup_probe = Some(every(ready(), 10, 90));
        pod.container.readiness_probe = Some(every(ready(), 10, 3));
        // Time to leave the ring and to close the log of writes.
        pod.grace_seconds = Some(300);
        set
    }

    /// The Service by which processes find each other, and the ways between them.
    fn connect_members(&self, scope: &mut Scope<'_>, set: &Ref<StatefulSet>, how: Security) {
        let members = || Exposure::headless().named(self.members()).unready_too();
        let gossip = scope.expose_as(members(), set, MEMBERS.secured(how));
        let grpc = scope.expose_as(members(), set, GRPC.secured(how));
        scope.connect(set, gossip.destination());
        scope.connect(set, grpc.destination());
    }

    /// Gives it a certificate for everything that it is called.
    fn serve(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        let (name, members) = (&self.name, self.members());
        let headless = format!("{name}-headless");
        let mut services = vec![name.as_str(), headless.as_str()];
        let mut reads = Reads::Certificate;
        if self.several() {
            services.push(members.as_str());
            // Gossip goes on with the certificate that it began with.
            reads = Reads::Nothing;
        }
        if tls::serve(scope, pod, &services, reads).is_some() {
            tls::probe_securely(pod);
        }
    }

    fn members(&self) -> String {
        format!("{}-members", self.name)
    }
}

impl<S: Store, T: Tenancy> Module for Loki<S, T> {
    type Outputs = LokiOutputs<T>;

    fn build(self, scope: &mut Scope<'_>) -> LokiOutputs<T> {
        self.check(scope);
        let security = tls::security(scope);
        let members = format!("{}.{}.svc", self.members(), scope.namespace());
        let settings = self.settings(scope.stack(), &members, security);
        let config = Files::one("loki.yaml", yaml(&settings)).build(scope, &self.name);
        let mut set = self.workload(config.name());
        self.serve(scope, &mut set.pod);
        if let Some(bucket) = self.store.bucket() {
            bucket.attach(scope, &mut set.pod);
            bucket.must_hold(scope, &self.name, self.keep);
        }
        let set = scope.add(set);
        if let Some(bucket) = self.store.bucket() {
            bucket.connect(scope, &set);
        }
        if self.several() {
            self.connect_members(scope, &set, security);
        }
        let http = HTTP.secured(security);
        let watched = Watched::new(&set, http).role(Role::Loki).over(security);
        scope.announce(watched.count(Count::Replicas(self.store.replicas())));
        scope.expose_as(Exposure::headless(), &set, http);
        let http = scope.expose(&set, http);
        LokiOutputs {
            otlp: http.also(),
            query: http.also(),
        }
    }
}
