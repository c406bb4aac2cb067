//! Whom does a server ask, tell and pass things on to, beside what it measures?

use provider_core::{Destination, Endpoint, Finding, Protocol, Reach, Scope};

use super::{
    Prometheus, Takes,
    config::{Alerting, AlertmanagerTargets, Relabel, RemoteWriteTo, ScrapeConfig, StaticTargets},
};
use crate::{
    protocol::{AlertmanagerApi, PromQl, RemoteWrite},
    tls::TlsConfig,
};

/// The label that tells replicas apart.
pub(super) const REPLICA: &str = "prometheus_replica";

/// A store that takes samples in Prometheus' own way.
pub trait TakesSamples: Protocol + 'static {
    /// Where, below its address.
    const PATH: &'static str;
    /// What becomes of a sample that two replicas send.
    const TWICE: Twice;
}

/// What becomes of a sample that two replicas send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// Both are kept, so their series must differ.
    Kept,
    /// One is removed, if they look the same.
    Removed,
}

impl TakesSamples for RemoteWrite {
    const PATH: &'static str = "/api/v1/write";
    const TWICE: Twice = Twice::Kept;
}

/// What a server is linked to.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    alerts: Vec<Endpoint<AlertmanagerApi>>,
    forwards: Vec<(RemoteWriteTo, Destination)>,
    federations: Vec<Federation>,
}

#[derive(Clone, Debug)]
struct Federation {
    from: Endpoint<PromQl>,
    series: Vec<String>,
}

impl<T: Takes> Prometheus<T> {
    /// Tells an Alertmanager of alerts: each member of its mesh, which sort out together who sends what. One address
    /// in front of them would hide from each what the others know.
    #[must_use]
    pub fn alerts(mut self, alertmanager: &Endpoint<AlertmanagerApi>) -> Self {
        self.links.alerts.push(alertmanager.clone());
        self
    }

    /// Sends everything on to another store.
    #[must_use]
    pub fn forward<P: TakesSamples>(mut self, store: &Endpoint<P>) -> Self {
        for one in store.each() {
            let mut to = RemoteWriteTo::to(&one);
            if P::TWICE == Twice::Removed {
                to.write_relabel_configs.push(Relabel::without(REPLICA));
            }
            self.links.forwards.push((to, one.destination().clone()));
        }
        self
    }

    /// Copies series from another server, by their names: what rules there have worked out, such as
    /// `service:requests:rate5m`. A view over many servers is made of such sums; raw series are too many to be copied.
    #[must_use]
    pub fn federate<'a>(
        mut self,
        from: &Endpoint<PromQl>,
        series: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.links.federations.push(Federation {
            from: from.clone(),
            series: series.into_iter().map(str::to_owned).collect(),
        });
        self
    }
}

impl RemoteWriteTo {
    /// That store.
    pub(crate) fn to<P: TakesSamples>(store: &Endpoint<P>) -> Self {
        Self {
            url: format!("{}{}", store.url(), P::PATH),
            tls_config: TlsConfig::of(store.destination()),
            send_exemplars: true,
            send_native_histograms: true,
            write_relabel_configs: Vec::new(),
        }
    }
}

impl Links {
    pub(super) fn check(&self, scope: &mut Scope<'_>, name: &str) {
        for to in &self.alerts {
            told_each(scope, name, to);
        }
        for federation in &self.federations {
            let raw = |series: &&String| !worked_out(series);
            for series in federation.series.iter().filter(raw) {
                let message = format!("`{name}` copies `{series}`, which no rule has worked out");
                let hint =
                    "write a recording rule there, and copy its result: `level:metric:operation`";
                scope.finding(Finding::new("federated-raw-series", message).hint(hint));
            }
        }
    }

    pub(super) fn destinations(&self) -> Vec<Destination> {
        let alerts = self.alerts.iter().map(Endpoint::destination);
        let forwards = self.forwards.iter().map(|(_, to)| to);
        let federations = self.federations.iter().map(|one| one.from.destination());
        let all = alerts.chain(forwards).chain(federations);
        all.cloned().collect()
    }

    pub(super) fn alerting(&self) -> Option<Alerting> {
        if self.alerts.is_empty() {
            return None;
        }
        let members = |to: &Endpoint<AlertmanagerApi>| AlertmanagerTargets {
            scheme: scheme(to),
            tls_config: TlsConfig::of(to.destination()),
            static_configs: vec![addresses(to)],
        };
        Some(Alerting {
            // Both replicas find the same; what they say must be the same, to be one alert.
            alert_relabel_configs: vec![Relabel::without(REPLICA)],
            alertmanagers: self.alerts.iter().map(members).collect(),
        })
    }

    pub(super) fn remote_write(&self) -> Vec<RemoteWriteTo> {
        self.forwards.iter().map(|(to, _)| to.clone()).collect()
    }

    pub(super) fn federations(&self) -> Vec<ScrapeConfig> {
        self.federations.iter().map(federation).collect()
    }
}

fn federation(Federation { from, series }: &Federation) -> ScrapeConfig {
    let matches = series.iter().map(|name| format!("{{__name__=\"{name}\"}}"));
    ScrapeConfig {
        job_name: format!("federate-{}", from.destination().host()),
        // The series keep what they said there: which program they are of.
        honor_labels: Some(true),
        metrics_path: Some("/federate".to_owned()),
        scheme: scheme(from),
        tls_config: TlsConfig::of(from.destination()),
        params: [("match[]".to_owned(), matches.collect())].into(),
        static_configs: vec![addresses(from)],
        ..ScrapeConfig::default()
    }
}

/// One address in front of a mesh would hide from each member what the others were told.
pub(crate) fn told_each(scope: &mut Scope<'_>, name: &str, to: &Endpoint<AlertmanagerApi>) {
    if matches!(to.destination(), Destination::Service(to) if to.reach == Reach::Service) {
        let message = format!(
            "`{name}` tells of alerts at {}, which leads to one member of a mesh",
            to.destination()
        );
        let finding = Finding::new("alerts-to-one-member", message);
        scope.finding(finding.hint("tell each member: `alerts` of its outputs, not `query`"));
    }
}

fn addresses<P>(of: &Endpoint<P>) -> StaticTargets {
    let each = of.destination().each();
    StaticTargets {
        targets: each.iter().map(Destination::address).collect(),
    }
}

fn scheme<P: Protocol>(of: &Endpoint<P>) -> Option<String> {
    of.url().starts_with("https").then(|| "https".to_owned())
}

/// Names of rules' results have colons, which no program writes into its own.
fn worked_out(series: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    series.contains(':') && series.chars().all(legal)
}
