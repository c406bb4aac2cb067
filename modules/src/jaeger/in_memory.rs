//! Jaeger for trying out: one Pod that receives, keeps the last traces in memory, and answers.

use collector_config::Duration;
use provider_core::{Exposure, Module, Scope};

use super::{JaegerOutputs, QUERY_GRPC, QUERY_HTTP, config, program, storage};
use crate::{
    collector::{Memory, budget},
    protocol::{OTLP_GRPC, OTLP_HTTP},
    units::{MIB, millicores},
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
        let config = config::all_in_one(&storage::in_memory(budget.traces), budget.queue);
        let mut workload = program(scope, &self.name, "all-in-one", &config, self.memory);
        workload = workload.cpu(millicores(100));
        workload.pod.listen(OTLP_GRPC);
        workload.pod.listen(OTLP_HTTP);
        workload.pod.listen(QUERY_HTTP);
        workload.pod.listen(QUERY_GRPC);
        let jaeger = scope.add(workload);
        // gRPC senders balance over the Pods themselves, here as with several.
        let senders = Exposure::headless().named(format!("{}-collector", self.name));
        JaegerOutputs {
            otlp: scope.expose_as(senders, &jaeger, OTLP_GRPC),
            query: scope.expose(&jaeger, QUERY_HTTP),
            sampling: None,
        }
    }
}
