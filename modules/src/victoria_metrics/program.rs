//! What do all processes of VictoriaMetrics have in common?

use provider_core::{Endpoint, Finding, Port, Protocol, Scope, Security};

use super::{Dedup, VictoriaMetrics};
use crate::{
    pod::{Pod, User, every, http_probe},
    prometheus::{
        Measures, PROMOTED, links,
        load::{self, Cost, Size},
    },
    tls::{self, Reads, TlsConfig},
    watch,
};

/// Where a store is reached by what stands beside it.
#[derive(Clone, Debug)]
pub(super) struct Store<Write, Query> {
    pub(super) write: Endpoint<Write>,
    pub(super) query: Endpoint<Query>,
}

/// Runs as nobody, says in JSON what it does, and answers at `/health` of that port.
pub(super) fn prepare<P: Protocol>(pod: &mut Pod, component: &'static str, port: Port<P>) {
    pod.user = User::new(65534);
    pod.component = Some(component);
    pod.arg("-loggerFormat=json");
    // Otherwise it listens, and calls, over IPv4 alone.
    pod.arg("-enableTCP6");
    let health = || http_probe(port.name, "/health");
    pod.container.startup_probe = Some(every(health(), 5, 120));
    pod.container.readiness_probe = Some(every(health(), 10, 3));
    pod.container.liveness_probe = Some(every(health(), 15, 6));
}

/// Speaks TLS where the stack does, with a certificate for the Pods' own Services. Call it after `prepare`.
pub(super) fn secure(scope: &mut Scope<'_>, pod: &mut Pod) -> Security {
    let members = format!("{}-headless", pod.name);
    if let Some(served) = tls::serve(scope, pod, &[&members], Reads::Certificate) {
        pod.arg("-tls");
        pod.arg(format!("-tlsCertFile={}", served.certificate));
        pod.arg(format!("-tlsKeyFile={}", served.key));
        tls::probe_securely(pod);
    }
    tls::security(scope)
}

/// Whom to trust, as an argument of that name, if the place is of the stack and speaks TLS.
pub(super) fn trusts<P>(pod: &mut Pod, argument: &str, place: &Endpoint<P>) {
    if let Some(ca_file) = TlsConfig::of(place.destination()).and_then(|tls| tls.ca_file) {
        pod.arg(format!("-{argument}.tlsCAFile={ca_file}"));
    }
}

impl<Form> VictoriaMetrics<Form> {
    /// What is checked of every form.
    pub(super) fn check(&self, scope: &mut Scope<'_>, size: Size) {
        let held = (load::VICTORIA_METRICS, self.keep, size);
        self.load.check(scope, &self.name, held);
        if self.measures == Measures::Stack {
            watch::measures_everything(scope, &self.name);
        }
        for to in &self.alerts {
            links::told_each(scope, &self.name, to);
        }
        if self.keep.count() == 0 {
            let message = format!("`{}` keeps nothing", self.name);
            scope.finding(Finding::new("keeps-nothing", message));
        }
    }

    pub(super) fn size(&self, usual: Size) -> Size {
        const COST: Cost = load::VICTORIA_METRICS;
        self.load
            .size(COST, self.keep, (self.memory, self.storage), usual)
    }

    /// How a process that takes OTLP writes it down. All attributes as labels, which it does of its own accord, would
    /// make a new series of every restart.
    pub(super) fn takes_otlp(&self, pod: &mut Pod) {
        let mut promoted = PROMOTED.map(str::to_owned).to_vec();
        promoted.extend(self.promoted.iter().cloned());
        pod.arg("-opentelemetry.usePrometheusNaming");
        pod.arg("-opentelemetry.promoteAllResourceAttributes=false");
        pod.arg(format!(
            "-opentelemetry.promoteResourceAttributes={}",
            promoted.join(",")
        ));
        pod.arg("-opentelemetry.promoteScopeMetadata=false");
        pod.arg("-maxLabelsPerTimeseries=60");
    }

    /// How a process that keeps, or answers, tells samples apart.
    pub(super) fn dedups(&self, pod: &mut Pod) {
        let interval = match self.dedup {
            Dedup::Exact => "1ms".to_owned(),
            Dedup::Seconds(seconds) => format!("{seconds}s"),
        };
        pod.arg(format!("-dedup.minScrapeInterval={interval}"));
    }

    /// How a process keeps.
    pub(super) fn keeps(&self, pod: &mut Pod) {
        pod.arg("-storageDataPath=/storage");
        pod.arg(format!("-retentionPeriod={}", self.keep));
        // What is merged needs room beside what it is merged from.
        pod.arg("-storage.minFreeDiskSpaceBytes=1GiB");
        pod.grace_seconds = Some(120);
    }
}
