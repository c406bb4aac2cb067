//! The gateway tier, run by the gateway of this repository instead of the collector.
//!
//! Both read the same configuration, so all that can be said of a gateway tier can be said of this one, in both of its
//! layers. What the program does not run (naming Pods, measuring spans, series of one writer, archives) is a finding.

use provider_core::{Finding, Scope};

use crate::collector::{Collector, Engine, Gateway};

/// The annotation of a configuration's ConfigMap that says which program reads it, where that is no collector.
pub const ENGINE: &str = "otelier.dev/engine";
/// The gateway of this repository, as that annotation calls it.
pub const GATEWAY: &str = "gateway";

/// What an image is called that was built on this machine and pushed nowhere.
const HERE: &str = "localhost/";

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

impl Engine {
    /// Says what has to be done by hand for an image that no registry has: nodes do not find it by themselves.
    pub(crate) fn say_where_its_image_is(&self, scope: &mut Scope<'_>) {
        let Self::Gateway(image) = self else { return };
        if !image.starts_with(HERE) {
            return;
        }
        let message =
            format!("the image `{image}` is in no registry: a cluster's nodes have to be given it");
        let hint = "`make image` builds it, `kind load image-archive target/image/gateway.tar` loads it; the sandbox needs none";
        scope.note(Finding::new("image-of-this-machine", message).hint(hint));
    }
}
