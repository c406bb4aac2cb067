//! Who works out the rules, and tells of alerts?

use std::collections::BTreeSet;

use provider_core::{Destination, Endpoint, Port, Protocol, Scope};

use super::{VictoriaMetrics, program, program::Store};
use crate::{
    image,
    made::Ways,
    monitoring,
    pod::Pod,
    prometheus::{Measures, TakesSamples, UsualAlerts, load::INTERVAL_SECONDS},
    protocol::{Datasource, Http},
    units::{MIB, millicores},
    watch::{self, Count, Role, Watched},
    workload::Workload,
};

const WEB: Port<Http> = Port::new("web", 8880);
const RULES: &str = "/etc/victoria/rules";

impl<Form> VictoriaMetrics<Form> {
    /// Works out the rules: what they find goes back into the store, and to the Alertmanagers. Several work out the
    /// same; the store and the mesh keep one of each.
    pub(super) fn work_out<W: TakesSamples, Q: Datasource>(
        &self,
        scope: &mut Scope<'_>,
        replicas: u32,
        store: &Store<W, Q>,
    ) {
        let name = format!("{}-alert", self.name);
        let mut workload = Workload::stateless(&name, image::VMALERT)
            .listen(WEB)
            .replicas(replicas)
            .cpu(millicores(50))
            .memory(256 * MIB);
        let pod = &mut workload.pod;
        program::prepare(pod, "metrics", WEB);
        pod.config_map("rules", &format!("{name}-rules"), RULES);
        self.links_to(pod, scope.stack(), store);
        let web = WEB.secured(program::secure(scope, pod));
        let pods = scope.add(workload);
        let alerts = self.alerts.iter().map(Endpoint::destination);
        for to in [store.write.destination(), store.query.destination()]
            .into_iter()
            .chain(alerts)
        {
            scope.connect(&pods, to);
        }
        let watched = Watched::new(&pods, web).role(Role::Vmalert);
        scope.announce(watched.count(Count::Replicas(replicas)));
        let (measures, usual, mut rules) = (self.measures, self.usual, self.rules.clone());
        let taken = store.write.destination().clone();
        scope.at_end(move |scope| {
            if measures == Measures::Stack {
                rules.extend(scope.announced());
                if usual == UsualAlerts::WorkedOut {
                    let made = match &taken {
                        Destination::Service(to) => Ways::of(scope).at(&to.pods),
                        Destination::Outside { .. } | Destination::KubernetesApi => BTreeSet::new(),
                    };
                    rules.extend(monitoring::rules(&scope.announced(), &made));
                }
            }
            let files = watch::rule_files(scope, rules);
            files.build_reloaded(scope, &name, "rules");
        });
    }

    /// Where it asks, writes and tells.
    fn links_to<W: TakesSamples, Q: Datasource>(
        &self,
        pod: &mut Pod,
        stack: &str,
        store: &Store<W, Q>,
    ) {
        let (write, query) = (&store.write, url(&store.query, Q::PATH));
        // It asks for `/api/v1/…` below its source, and sends to `/api/v1/write` below where it writes.
        let write = url(write, W::PATH);
        let below = write.strip_suffix("/api/v1/write").unwrap_or(&write);
        for arg in [
            format!("-rule={RULES}/*.yml"),
            "-configCheckInterval=30s".to_owned(),
            format!("-evaluationInterval={INTERVAL_SECONDS}s"),
            format!("-external.label=cluster={stack}"),
            format!("-datasource.url={query}"),
            format!("-remoteRead.url={query}"),
            format!("-remoteWrite.url={below}"),
        ] {
            pod.arg(arg);
        }
        program::trusts(pod, "datasource", &store.query);
        program::trusts(pod, "remoteRead", &store.query);
        program::trusts(pod, "remoteWrite", &store.write);
        // One for all of them.
        if let Some(alertmanager) = self.alerts.first() {
            program::trusts(pod, "notifier", alertmanager);
        }
        for member in self.alerts.iter().flat_map(Endpoint::each) {
            pod.arg(format!("-notifier.url={}", member.url()));
        }
        if self.alerts.is_empty() {
            pod.arg("-notifier.blackhole");
        }
    }
}

fn url<P: Protocol>(endpoint: &Endpoint<P>, path: &str) -> String {
    format!("{}{path}", endpoint.url())
}
