//! Jaeger for trying out: one Pod that receives, keeps the last traces in memory, and answers.

use collector_config::Duration;
use provider_core::{Exposure, Module, Scope};

use super::{
    JaegerOutputs, QUERY_GRPC, QUERY_HTTP,
    config::{self, Answers, Receives},
    parts::{certificate, program, watch},
    storage,
};
use crate::{
    collector::{Memory, budget},
    protocol::{OTLP_GRPC, OTLP_HTTP},
    tls::{self, Reads},
    units::{MIB, millicores},
    watch::{Count, Role},
};

/// A Jaeger that forgets: how many traces it keeps follows from its memory, and a restart loses all of them.
///
/// ```
/// # use modules::{JaegerInMemory, units::GIB};
/// let jaeger = JaegerInMemory::new("jaeger").memory(GIB);
/// ```
#[derive(Clone, Debug)]
pub struct JaegerInMemory {
    name: String,
    memory: u64,
}

impl JaegerInMemory {
    /// One with half a gigabyte of memory.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            memory: 512 * MIB,
        }
    }

    /// So much memory.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }
}

impl Module for JaegerInMemory {
    type Outputs = JaegerOutputs;

    fn build(self, scope: &mut Scope<'_>) -> JaegerOutputs {
        let plan = Memory::of(self.memory)
            .queues(1)
            .waiting(Duration::seconds(1));
        let budget = budget(scope, &self.name, &plan);
        let security = tls::collector_security(scope);
        let receives = Receives {
            queue: budget.queue,
            sampling: None,
            tls: certificate(security),
        };
        // People come with a browser, and without a certificate.
        let shown = tls::security(scope);
        let answers = Answers {
            tls: certificate(shown),
            ..Answers::default()
        };
        let storage = storage::in_memory(budget.traces);
        let config = config::all_in_one(&storage, &receives, &answers);
        let mut workload = program(scope, &self.name, "all-in-one", &config, self.memory);
        workload = workload.cpu(millicores(100));
        workload.pod.listen(OTLP_GRPC);
        workload.pod.listen(OTLP_HTTP);
        workload.pod.listen(QUERY_HTTP);
        workload.pod.listen(QUERY_GRPC);
        let senders = format!("{}-collector", self.name);
        let services = [self.name.as_str(), &senders];
        tls::serve(scope, &mut workload.pod, &services, Reads::Certificate);
        let jaeger = scope.add(workload);
        watch(scope, &jaeger, Role::JaegerCollector, Count::Replicas(1));
        // gRPC senders balance over the Pods themselves, here as with several.
        let senders = Exposure::headless().named(senders);
        JaegerOutputs {
            otlp: scope.expose_as(senders, &jaeger, OTLP_GRPC.secured(security)),
            query: scope.expose(&jaeger, QUERY_HTTP.secured(shown)),
            sampling: None,
        }
    }
}
