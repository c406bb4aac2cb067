//! Exporters that note what they are given, and have to succeed.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogBatch, LogExporter},
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{SpanData, SpanExporter},
};
use serde_json::{Value, json};

use crate::as_json;

/// What was given, by signal, and what went wrong.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Given>>);

#[derive(Debug, Default)]
struct Given {
    spans: Vec<Value>,
    logs: Vec<Value>,
    metrics: Vec<Value>,
    failed: Vec<String>,
}

impl Notes {
    fn note(&self, note: impl FnOnce(&mut Given)) {
        note(&mut self.0.lock().unwrap());
    }

    fn outcome(&self, result: &OTelSdkResult) {
        if let Err(error) = result {
            self.note(|given| given.failed.push(error.to_string()));
        }
    }

    /// All that was given, if all of it was taken.
    pub fn finish(&self) -> Result<Value, String> {
        let given = self.0.lock().unwrap();
        if !given.failed.is_empty() {
            return Err(format!("not exported: {}", given.failed.join("; ")));
        }
        Ok(json!({ "spans": given.spans, "logs": given.logs, "metrics": given.metrics }))
    }
}

/// An exporter of which is noted what it is given.
#[derive(Debug)]
pub struct Noted<E> {
    inner: E,
    notes: Notes,
    resource: Value,
}

impl<E> Noted<E> {
    pub fn new(inner: E, notes: &Notes) -> Self {
        Self {
            inner,
            notes: notes.clone(),
            resource: Value::Null,
        }
    }
}

impl<E: SpanExporter> SpanExporter for Noted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.iter().map(|span| as_json::span(&self.resource, span));
        self.notes.note(|given| given.spans.extend(spans));
        let result = self.inner.export(batch).await;
        self.notes.outcome(&result);
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = as_json::resource(resource);
        self.inner.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Noted<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let records = batch
            .iter()
            .map(|(record, scope)| as_json::record(&self.resource, scope, record));
        self.notes.note(|given| given.logs.extend(records));
        let result = self.inner.export(batch).await;
        self.notes.outcome(&result);
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = as_json::resource(resource);
        self.inner.set_resource(resource);
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Noted<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.notes
            .note(|given| given.metrics.extend(as_json::metrics(metrics)));
        let result = self.inner.export(metrics).await;
        self.notes.outcome(&result);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}
