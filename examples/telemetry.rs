//! Where programs send their telemetry: through a collector of their own, through that of their node, or through none.
//!
//! `cargo run -p examples --bin telemetry -- render shop`

use modules::{
    Collector, Direct, JaegerInMemory, Prometheus, Sidecar, Workload, logs, metrics,
    protocol::{Http, Otlp},
    traces,
};
use provider::{Endpoint, Port, Scope, Stack};

const WEB: Port<Http> = Port::new("web", 8080);

fn shop(stack: &mut Scope<'_>) {
    let jaeger = stack.add(JaegerInMemory::new("jaeger"));
    let prometheus = stack.add(Prometheus::new("prometheus"));
    let elsewhere: Endpoint<Otlp> = Endpoint::outside("logs.example", 4317);
    let gateway = stack.add(
        Collector::gateway("otlp")
            .pipeline(traces().export(&jaeger.otlp))
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().without_attribute("user.email").export(&elsewhere)),
    );

    // The critical one has a collector in each of its Pods, which a Job can have too.
    let sidecar = Sidecar::new("telemetry").forward(&gateway.otlp);
    let payment = Workload::stateless("payment", "payment:1.0.0").listen(WEB);
    stack.add(payment.replicas(2).sidecar(&sidecar));
    stack.add(Workload::job("migrate", "payment:1.0.0").sidecar(&sidecar));

    // The others send to the agent of their node.
    let agent = stack.add(Collector::agent("node").forward(&gateway.otlp));
    let catalog = Workload::stateless("catalog", "catalog:1.0.0").listen(WEB);
    stack.add(catalog.send_to(&agent));

    // And one to try things out, to the stores themselves; the plan says what that leaves out.
    let direct = Direct::none()
        .traces(&jaeger.otlp)
        .metrics(&prometheus.otlp);
    stack.add(Workload::stateless("prototype", "prototype:0.1.0").send_direct(direct));
}

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("shop", shop)])
}
