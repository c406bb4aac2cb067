//! The gateway tier, run by the gateway of this repository instead of the collector.
//!
//! Both read the same configuration, so all that can be said of a gateway tier can be said of this one, in both of its
//! layers. What the program does not run (naming Pods, measuring spans, series of one writer, archives) is a finding.

use crate::collector::{Collector, Engine, Gateway};

impl Collector<Gateway> {
    /// Collectors that everything goes through, run by the gateway of this repository.
    ///
    /// The image is that of the program `gateway`, built (`make image`, or `modules/gateway/Containerfile`) and pushed
    /// to a registry that the cluster reads.
    ///
    /// ```
    /// use modules::{Collector, protocol::Otlp, traces, units::GIB};
    /// # use provider_core::{Endpoint, Scope};
    ///
    /// fn prod(stack: &mut Scope<'_>, jaeger: &Endpoint<Otlp>) {
    ///     let image = "registry.example/otelier/gateway:0.1.0";
    ///     stack.add(
    ///         Collector::otlp_gateway("otlp", image)
    ///             .replicas(3)
    ///             .memory(GIB)
    ///             .pipeline(traces().export(jaeger)),
    ///     );
    /// }
    /// ```
    pub fn otlp_gateway(name: &str, image: impl Into<String>) -> Self {
        Self::gateway(name).run_by(Engine::Gateway(image.into()))
    }
}
