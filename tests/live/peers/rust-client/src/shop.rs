//! What happens in the shop that is watched.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::{
    Array, InstrumentationScope, KeyValue, Value,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    metrics::MeterProvider as _,
    trace::{
        Link, Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_sdk::{
    logs::SdkLoggerProvider, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};

fn scope(name: &'static str, version: &'static str) -> InstrumentationScope {
    InstrumentationScope::builder(name)
        .with_version(version)
        .build()
}

/// Two spans of one trace, and two records in it.
pub fn order(tracers: &SdkTracerProvider, loggers: &SdkLoggerProvider) {
    let tracer = tracers.tracer_with_scope(scope("shop", "1.2"));
    let texts = Array::String(vec!["x".into(), "y".into()]);
    let order = tracer
        .span_builder("order")
        .with_kind(SpanKind::Server)
        .with_attributes([
            KeyValue::new("text", "a \"b\" ü"),
            KeyValue::new("yes", true),
            KeyValue::new("int", -(1_i64 << 50)),
            KeyValue::new("float", 0.25),
            KeyValue::new("list", Value::Array(texts)),
            KeyValue::new("floats", Value::Array(Array::F64(vec![1.5, 2.25]))),
            KeyValue::new("empty", ""),
        ])
        .start(&tracer);
    let context = opentelemetry::Context::new().with_span(order);
    let order = context.span();
    let whole = order.span_context().clone();
    let mut pay = tracer
        .span_builder("pay")
        .with_kind(SpanKind::Client)
        .with_links(vec![Link::new(
            whole.clone(),
            vec![KeyValue::new("why", "retry")],
            0,
        )])
        .start_with_context(&tracer, &context);
    pay.add_event("declined", vec![KeyValue::new("code", 51)]);
    pay.set_status(Status::error("no money"));
    pay.end();
    records(loggers, &whole);
    order.set_status(Status::Ok);
    order.end();
}

fn records(loggers: &SdkLoggerProvider, context: &SpanContext) {
    let logger = loggers.logger_with_scope(scope("shop.log", "3"));
    let list = [1.into(), "two".into(), 3.5.into(), true.into()];
    let list = AnyValue::ListAny(Box::new(list.into()));
    let nested = AnyValue::Map(Box::new([("list".into(), list)].into()));
    let declined = [("code".into(), 51.into()), ("nested".into(), nested)];
    let bodies = [
        (Severity::Info, AnyValue::from("ordered")),
        (Severity::Error2, AnyValue::Map(Box::new(declined.into()))),
    ];
    for (severity, body) in bodies {
        let mut record = logger.create_log_record();
        record.set_timestamp(UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789));
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.set_body(body);
        record.add_attributes([("order", AnyValue::from(7)), ("kind", "x".into())]);
        record.set_trace_context(
            context.trace_id(),
            context.span_id(),
            Some(context.trace_flags()),
        );
        logger.emit(record);
    }
}

/// A metric of every kind.
pub fn count(meters: &SdkMeterProvider) {
    let meter = meters.meter("shop.meter");
    let orders = meter
        .u64_counter("orders")
        .with_unit("{order}")
        .with_description("How many.")
        .build();
    orders.add(3, &[KeyValue::new("region", "eu")]);
    orders.add(4, &[KeyValue::new("region", "us")]);
    meter.f64_up_down_counter("open").build().add(-2.5, &[]);
    let durations = meter
        .f64_histogram("duration")
        .with_unit("s")
        .with_boundaries(vec![0.1, 1.0, 10.0])
        .build();
    for value in [0.05, 0.5, 50.0] {
        durations.record(value, &[KeyValue::new("route", "/cart")]);
    }
    let tank = [KeyValue::new("tank", 1)];
    meter.f64_gauge("level").build().record(0.75, &tank);
}
