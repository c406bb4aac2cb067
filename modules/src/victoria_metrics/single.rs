//! What is the one process made of?

use provider_core::{Exposure, Module, Port, Scope};

use super::{
    Single, USUAL, VictoriaMetrics, VictoriaMetricsOutputs, program, program::Store, vmagent,
};
use crate::{
    image, made,
    prometheus::{Measures, scrape},
    protocol::PromQl,
    units::millicores,
    watch::{Count, Role, Watched},
    workload::Workload,
};

const WEB: Port<PromQl> = Port::new("web", 8428);

impl Module for VictoriaMetrics<Single> {
    type Outputs = VictoriaMetricsOutputs;

    fn build(self, scope: &mut Scope<'_>) -> VictoriaMetricsOutputs {
        let size = self.size(USUAL);
        self.check(scope, size);
        let account = scrape::account(scope, &self.name);
        let mut set = Workload::stateful(&self.name, image::VICTORIA_METRICS)
            .listen(WEB)
            .cpu(millicores(500))
            .memory(size.memory)
            .keep(size.storage, "/storage");
        set.serves_as = Some(format!("{}-headless", self.name));
        let pod = &mut set.pod;
        program::prepare(pod, "metrics", WEB);
        self.keeps(pod);
        self.dedups(pod);
        self.takes_otlp(pod);
        vmagent::scrapes(pod, &self.name);
        pod.account = Some(self.name.clone());
        let web = WEB.secured(program::secure(scope, pod));
        let set = scope.add(set);
        scope.expose_as(Exposure::headless(), &set, web);
        let query = scope.expose(&set, web);
        let outputs = VictoriaMetricsOutputs {
            otlp: query.also(),
            remote_write: query.also(),
            query,
            pods: set.clone(),
        };
        let watched = Watched::new(&set, web).role(Role::VictoriaMetrics);
        scope.announce(watched.count(Count::Replicas(1)));
        made::keeps(scope, &set);
        vmagent::observe(scope, &self.name, self.measures, &set, account);
        if self.measures == Measures::Stack || !self.rules.is_empty() {
            let store = Store {
                write: outputs.remote_write.clone(),
                query: outputs.query.clone(),
            };
            self.work_out(scope, 1, &store);
        }
        outputs
    }
}
