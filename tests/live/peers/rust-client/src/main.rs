//! Sends spans, metrics and log records with the SDK, and prints what it has given to the exporters.
//!
//! rust-client grpc|proto|json gzip|none ENDPOINT

mod as_json;
mod noted;
mod shop;

use std::{env, error::Error, time::Duration};

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig as _,
    WithHttpConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::SdkTracerProvider,
};

use noted::{Noted, Notes};

/// The exporter of a signal, made as the arguments say.
macro_rules! exporter {
    ($kind:ident, $signal:literal, $how:expr) => {{
        let how: &How = $how;
        match how.protocol {
            Protocol::Grpc => {
                let mut builder = $kind::builder().with_tonic();
                if let Some(compression) = how.compression {
                    builder = builder.with_compression(compression);
                }
                builder.with_endpoint(how.endpoint.as_str()).build()?
            }
            protocol => {
                let mut builder = $kind::builder().with_http();
                if let Some(compression) = how.compression {
                    builder = builder.with_compression(compression);
                }
                let endpoint = format!("{}/v1/{}", how.endpoint, $signal);
                builder
                    .with_protocol(protocol)
                    .with_endpoint(endpoint)
                    .build()?
            }
        }
    }};
}

/// How to send.
struct How {
    protocol: Protocol,
    compression: Option<Compression>,
    endpoint: String,
}

impl How {
    fn from_arguments() -> Option<Self> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [protocol, compression, endpoint] = &arguments[..] else {
            return None;
        };
        Some(Self {
            protocol: match protocol.as_str() {
                "grpc" => Protocol::Grpc,
                "proto" => Protocol::HttpBinary,
                "json" => Protocol::HttpJson,
                _ => return None,
            },
            compression: match compression.as_str() {
                "gzip" => Some(Compression::Gzip),
                "none" => None,
                _ => return None,
            },
            endpoint: format!("http://{endpoint}"),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let how = How::from_arguments().ok_or("rust-client grpc|proto|json gzip|none ENDPOINT")?;
    // What sends over gRPC runs on it; what sends over HTTP must not.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let _entered = (how.protocol == Protocol::Grpc).then(|| runtime.enter());
    let notes = Notes::default();
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "rust-shop"),
            KeyValue::new("größe", "ü"),
            KeyValue::new("ports", Value::Array(Array::I64(vec![80, 443]))),
        ])
        .build();

    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_simple_exporter(Noted::new(exporter!(SpanExporter, "traces", &how), &notes))
        .build();
    let loggers = SdkLoggerProvider::builder()
        .with_resource(resource.clone())
        .with_simple_exporter(Noted::new(exporter!(LogExporter, "logs", &how), &notes))
        .build();
    let numbers = Noted::new(exporter!(MetricExporter, "metrics", &how), &notes);
    let reader = PeriodicReader::builder(numbers)
        .with_interval(Duration::from_secs(3600))
        .build();
    let meters = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(reader)
        .build();

    shop::order(&tracers, &loggers);
    shop::count(&meters);
    tracers.shutdown()?;
    loggers.shutdown()?;
    meters.shutdown()?;
    println!("{}", notes.finish()?);
    Ok(())
}
