//! What a Rust program says to send its telemetry: nothing about where, for its Pod is told that.
//!
//! The stack sets `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` (see
//! `examples/telemetry.rs`); the exporters and the resource read them. The same program then sends to a sidecar, to
//! the agent of its node, to a gateway or to a backend, and is compiled once.

use std::{error::Error, time::Instant};

use opentelemetry::{
    KeyValue, global,
    trace::{Span, SpanKind, Status, Tracer},
};
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};

/// What has to be ended in the end, so that the last spans and numbers leave too.
struct Telemetry {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
}

impl Telemetry {
    fn from_environment() -> Result<Self, Box<dyn Error>> {
        let spans = SpanExporter::builder().with_http().build()?;
        let tracers = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .build();
        let numbers = MetricExporter::builder().with_http().build()?;
        let meters = SdkMeterProvider::builder()
            .with_periodic_exporter(numbers)
            .build();
        global::set_tracer_provider(tracers.clone());
        global::set_meter_provider(meters.clone());
        Ok(Self { tracers, meters })
    }

    fn end(self) -> Result<(), Box<dyn Error>> {
        self.tracers.shutdown()?;
        self.meters.shutdown()?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let telemetry = Telemetry::from_environment()?;
    let durations = global::meter("shop")
        .f64_histogram("shop.order.duration")
        .with_unit("s")
        .build();
    for order in 1..=3 {
        let began = Instant::now();
        let mut span = global::tracer("shop")
            .span_builder("order")
            .with_kind(SpanKind::Server)
            .with_attributes([KeyValue::new("order.id", order)])
            .start(&global::tracer("shop"));
        if order == 3 {
            span.set_status(Status::error("sold out"));
        }
        span.end();
        durations.record(began.elapsed().as_secs_f64(), &[]);
    }
    telemetry.end()
}
