//! What is a Tempo made of?

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Destination, Exposure, Finding, Module, Port, Scope};

use super::{
    Blocks, Tempo, TempoOutputs,
    settings::{HOME, HTTP_PORT},
};
use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, http_probe},
    protocol::{OTLP_GRPC, OTLP_HTTP, TempoQuery},
    tls::{self, Reads},
    units::{go_bytes, millicores},
    watch::{Count, Role, Watched},
    workload::Workload,
};

const HTTP: Port<TempoQuery> = Port::new("http", HTTP_PORT);

/// Where a Tempo is asked that measures the spans it keeps, under names of its own.
#[derive(Clone, Debug)]
pub(crate) struct MeasuresSpans(pub(crate) Destination);

impl Module for Tempo {
    type Outputs = TempoOutputs;

    fn build(self, scope: &mut Scope<'_>) -> TempoOutputs {
        self.check(scope);
        let how = tls::security(scope);
        let headless = format!("{}-headless", self.name);
        let mut set = self.workload(&headless);
        let served = tls::serve(
            scope,
            &mut set.pod,
            &[&self.name, &headless],
            Reads::Certificate,
        );
        if served.is_some() {
            tls::probe_securely(&mut set.pod);
        }
        let settings = self.settings(scope.stack(), served);
        let config = Files::one("tempo.yaml", yaml(&settings)).build(scope, &self.name);
        set.pod.config(config.name(), "/etc/tempo");
        if let Some(bucket) = &self.bucket {
            bucket.attach(scope, &mut set.pod);
            bucket.must_hold(scope, &self.name, self.keep);
        }
        let set = scope.add(set);
        if let Some(bucket) = &self.bucket {
            bucket.connect(scope, &set);
        }
        for (_, to) in &self.measured {
            scope.connect(&set, to);
        }
        scope.expose_as(Exposure::headless(), &set, HTTP.secured(how));
        let watched = Watched::new(&set, HTTP.secured(how)).role(Role::Tempo);
        scope.announce(watched.count(Count::Replicas(1)));
        let outputs = TempoOutputs {
            otlp: scope.expose(&set, OTLP_GRPC.secured(how)),
            otlp_http: scope.expose(&set, OTLP_HTTP.secured(how)),
            query: scope.expose(&set, HTTP.secured(how)),
            pods: set,
        };
        if !self.measured.is_empty() {
            scope.announce(MeasuresSpans(outputs.query.destination().clone()));
        }
        outputs
    }
}

impl Tempo {
    /// Says what it cannot do, and what comes of what was there before.
    fn check(&self, scope: &mut Scope<'_>) {
        let name = &self.name;
        let message = format!(
            "`{name}` is one process: while it restarts nobody answers and senders wait, and it does not grow beyond one"
        );
        let note = Finding::new("tempo-alone", message);
        scope.note(
            note.hint("several need Kafka since Tempo 3; Jaeger on Elasticsearch needs none"),
        );
        if self.bucket.is_none() && self.before.is_some() {
            let message =
                format!("`{name}` keeps its traces on its own disk, where no Tempo 2 left any");
            let finding = Finding::new("tempo-upgrade", message);
            scope.finding(finding.hint("name the `bucket` that they are in"));
        }
        match self.before {
            Some(old @ (Blocks::VParquet2 | Blocks::VParquet3)) => {
                let message =
                    format!("`{name}` wants blocks of vParquet4, and finds {old:?} in its bucket");
                let hint = "let Tempo 2.6 or newer write vParquet4 until older blocks have gone, then come to Tempo 3";
                scope.finding(Finding::new("tempo-old-blocks", message).hint(hint));
            }
            Some(Blocks::VParquet4) => {
                let message = format!("from `{name}` there is no way back to Tempo 2");
                let hint =
                    "stop Tempo 2 first: two that merge blocks of one bucket destroy each other's";
                scope.note(Finding::new("tempo-no-way-back", message).hint(hint));
            }
            None => {}
        }
    }

    fn workload(&self, headless: &str) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::TEMPO)
            .listen(HTTP)
            .listen(OTLP_GRPC)
            .listen(OTLP_HTTP)
            .cpu(millicores(500))
            .memory(self.memory)
            .keep(self.storage, HOME);
        set.serves_as = Some(headless.to_owned());
        let pod = &mut set.pod;
        pod.user = User::new(10001);
        pod.component = Some("traces");
        pod.arg("-config.file=/etc/tempo/tempo.yaml");
        pod.arg("-target=all");
        pod.env("GOMEMLIMIT", go_bytes(self.memory / 10 * 8));
        // What was accepted and is in no block is read again first.
        pod.container.startup_probe = Some(every(http_probe(HTTP.name, "/ready"), 10, 90));
        pod.container.readiness_probe = Some(every(http_probe(HTTP.name, "/ready"), 10, 3));
        pod.grace_seconds = Some(300);
        set
    }
}
