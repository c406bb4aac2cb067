//! Prometheus: servers that ask programs for their metrics, receive OTLP, and keep series on their own disks.
//!
//! Replicas know nothing of each other, so each has to get everything: each asks every program itself, and whoever
//! pushes sends to each of them. Questions lead to one of them, the same each time; what one has missed while it was
//! away, it does not have.
//!
//! It measures everything that the modules of the stack announce, and works out all rules that they announce. Both
//! stand in ConfigMaps of fixed names, whose files it reads again when they change: nothing restarts for a new rule.

mod build;
mod config;
pub(crate) mod links;
pub(crate) mod load;
mod options;
mod receive;
pub(crate) mod scrape;
mod settings;

pub(crate) use config::PROMOTED;
pub use config::{
    Alerting, AlertmanagerTargets, Exemplars, Global, KubernetesPods, Namespaces, OtlpSettings,
    PrometheusYml, Relabel, RemoteWriteTo, Retention, ScrapeConfig, ScrapeFile, StaticTargets,
    StorageSettings, Tsdb,
};
pub use links::{TakesSamples, Twice};
pub use receive::{Takes, TakesBoth, TakesNothing, TakesOtlp};
pub use settings::{Histograms, Translation};

use std::marker::PhantomData;

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Port, Ref};

use self::{
    links::Links,
    load::{Load, Size},
};
use crate::{
    pod::Spread,
    protocol::PromQl,
    units::{Days, GIB, days},
    watch::Rules,
};

const WEB: Port<PromQl> = Port::new("web", 9090);
const SCRAPE: &str = "/etc/prometheus/scrape";
const RULES: &str = "/etc/prometheus/rules";

/// What a server is large enough for, if nothing is said.
const USUAL: Size = Size {
    memory: 4 * GIB,
    storage: 100 * GIB,
};

/// A Prometheus server, or several that each hold everything.
///
/// ```
/// # use modules::{Prometheus, units::{GIB, days}};
/// let prometheus = Prometheus::new("prometheus").replicas(2).keep(days(30)).storage(200 * GIB);
/// ```
///
/// ```compile_fail
/// # fn send(scope: &mut provider_core::Scope<'_>) {
/// let prometheus = scope.add(modules::Prometheus::new("prometheus"));
/// // That door is closed until `take_remote_write` opens it.
/// let _ = modules::metrics().export(&prometheus.remote_write);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Prometheus<T = TakesOtlp> {
    name: String,
    wanted: u32,
    spread: Spread,
    keep: Days,
    storage: Option<u64>,
    memory: Option<u64>,
    load: Load,
    promoted: Vec<String>,
    translation: Translation,
    histograms: Histograms,
    exemplars: u32,
    measures: Measures,
    usual: UsualAlerts,
    rules: Vec<Rules>,
    links: Links,
    takes: PhantomData<fn() -> T>,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct PrometheusOutputs<T: Takes = TakesOtlp> {
    /// Where metrics are sent to: each replica.
    pub otlp: T::Otlp,
    /// Where metrics are sent to in Prometheus' own way: each replica.
    pub remote_write: T::RemoteWrite,
    /// Where questions are asked.
    pub query: Endpoint<PromQl>,
    /// Its Pods.
    pub pods: Ref<StatefulSet>,
}

/// What a server measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measures {
    /// Everything that is announced in its stack; and it works out the rules that are announced.
    #[default]
    Stack,
    /// Itself, beside what it is linked to: for a server that looks at others.
    Itself,
}

/// Whether the alerts of this catalogue about what is there are worked out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsualAlerts {
    /// They are.
    #[default]
    WorkedOut,
    /// They are not: who has others. Rules that the stack announces are worked out all the same.
    LeftOut,
}

impl Prometheus {
    /// A server that keeps 15 days on 100 GiB.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            wanted: 1,
            spread: Spread::default(),
            keep: days(15),
            storage: None,
            memory: None,
            load: Load::default(),
            promoted: Vec::new(),
            translation: Translation::default(),
            histograms: Histograms::default(),
            exemplars: 100_000,
            measures: Measures::default(),
            usual: UsualAlerts::default(),
            rules: Vec::new(),
            links: Links::default(),
            takes: PhantomData,
        }
    }

    /// Takes metrics in Prometheus' own way too.
    #[must_use]
    pub fn take_remote_write(self) -> Prometheus<TakesBoth> {
        self.takes()
    }

    /// Takes nothing that is sent to it.
    #[must_use]
    pub fn take_nothing(self) -> Prometheus<TakesNothing> {
        self.takes()
    }

    fn takes<U>(self) -> Prometheus<U> {
        Prometheus {
            name: self.name,
            wanted: self.wanted,
            spread: self.spread,
            keep: self.keep,
            storage: self.storage,
            memory: self.memory,
            load: self.load,
            promoted: self.promoted,
            translation: self.translation,
            histograms: self.histograms,
            exemplars: self.exemplars,
            measures: self.measures,
            usual: self.usual,
            rules: self.rules,
            links: self.links,
            takes: PhantomData,
        }
    }
}
