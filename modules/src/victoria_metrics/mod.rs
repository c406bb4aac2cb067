//! VictoriaMetrics, in place of Prometheus: one process, or a cluster that keeps each sample several times.
//!
//! It measures what the stack announces and works out its rules, as Prometheus does: by itself or through an agent of
//! its own, and by `vmalert`. It has names of OTLP written as Prometheus writes them, and makes labels of the same
//! resource attributes, so that the same questions find the same series; only `job` and `instance` of what is pushed
//! are called `service_name` and `service_instance_id` there.

mod cluster;
mod options;
mod program;
mod protocol;
mod single;
mod vmagent;
mod vmalert;

pub use protocol::{
    VictoriaClusterOtlp, VictoriaClusterQl, VictoriaClusterWrite, VictoriaNative, VictoriaOtlp,
    VictoriaWrite,
};
pub use vmagent::{AgentGlobal, AgentYml};

use std::marker::PhantomData;

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Ref};

use crate::{
    prometheus::{
        Measures, UsualAlerts,
        load::{Load, Size},
    },
    protocol::{AlertmanagerApi, PromQl},
    units::{Days, GIB, days},
    watch::Rules,
};

/// One process that takes, keeps and answers.
#[derive(Clone, Copy, Debug)]
pub enum Single {}
/// Three kinds of processes that share the work, and samples that are kept several times.
#[derive(Clone, Copy, Debug)]
pub enum Cluster {}

/// A store of metrics.
///
/// ```
/// use modules::{VictoriaMetrics, metrics, units::days};
/// use provider_core::Scope;
///
/// fn store(stack: &mut Scope<'_>) {
///     let store = stack.add(VictoriaMetrics::cluster("metrics").keep(days(90)));
///     let _way = metrics().export(&store.otlp);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VictoriaMetrics<Form> {
    name: String,
    keep: Days,
    storage: Option<u64>,
    memory: Option<u64>,
    load: Load,
    promoted: Vec<String>,
    dedup: Dedup,
    measures: Measures,
    usual: UsualAlerts,
    rules: Vec<Rules>,
    alerts: Vec<Endpoint<AlertmanagerApi>>,
    /// Of a cluster: how many Pods of each kind, and how often a sample is kept.
    shape: Shape,
    form: PhantomData<fn() -> Form>,
}

/// How many Pods of each kind a cluster has, and how often it keeps a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    copies: u32,
    storages: u32,
    inserts: u32,
    selects: u32,
}

/// Which samples of one series count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedup {
    /// Those of the same millisecond.
    #[default]
    Exact,
    /// The last of each interval of so many seconds: for two servers that measure the same and send it on. What is sent
    /// more often loses its finer steps, and increments (delta temporality) lose their sum.
    Seconds(u32),
}

/// What others may refer to of the one process.
#[derive(Clone, Debug)]
pub struct VictoriaMetricsOutputs {
    /// Where metrics are sent to.
    pub otlp: Endpoint<VictoriaOtlp>,
    /// Where metrics are sent to in Prometheus' own way.
    pub remote_write: Endpoint<VictoriaWrite>,
    /// Where questions are asked.
    pub query: Endpoint<PromQl>,
    /// Its Pods.
    pub pods: Ref<StatefulSet>,
}

/// What others may refer to of a cluster.
#[derive(Clone, Debug)]
pub struct VictoriaClusterOutputs {
    /// Where metrics are sent to.
    pub otlp: Endpoint<VictoriaClusterOtlp>,
    /// Where metrics are sent to in Prometheus' own way.
    pub remote_write: Endpoint<VictoriaClusterWrite>,
    /// Where questions are asked.
    pub query: Endpoint<VictoriaClusterQl>,
    /// The Pods that keep.
    pub pods: Ref<StatefulSet>,
}

/// What a process is large enough for, if nothing is said.
const USUAL: Size = Size {
    memory: 2 * GIB,
    storage: 50 * GIB,
};

impl VictoriaMetrics<Single> {
    /// One process that keeps 30 days. While it restarts nobody answers, and whoever sends waits.
    pub fn single(name: &str) -> Self {
        Self::new(name)
    }
}

impl VictoriaMetrics<Cluster> {
    /// A cluster that keeps each sample twice, on two of three storages, for 30 days.
    pub fn cluster(name: &str) -> Self {
        Self::new(name)
    }

    /// Keeps each sample so many times; `2n - 1` storages are needed to go on so while `n - 1` are away.
    #[must_use]
    pub fn copies(mut self, copies: u32) -> Self {
        self.shape.copies = copies;
        self
    }

    /// So many storages.
    #[must_use]
    pub fn storages(mut self, storages: u32) -> Self {
        self.shape.storages = storages;
        self
    }

    /// So many Pods that take samples, and so many that answer.
    #[must_use]
    pub fn doors(mut self, inserts: u32, selects: u32) -> Self {
        self.shape.inserts = inserts;
        self.shape.selects = selects;
        self
    }
}

impl<Form> VictoriaMetrics<Form> {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keep: days(30),
            storage: None,
            memory: None,
            load: Load::default(),
            promoted: Vec::new(),
            dedup: Dedup::default(),
            measures: Measures::default(),
            usual: UsualAlerts::default(),
            rules: Vec::new(),
            alerts: Vec::new(),
            shape: Shape {
                copies: 2,
                storages: 3,
                inserts: 2,
                selects: 2,
            },
            form: PhantomData,
        }
    }
}
