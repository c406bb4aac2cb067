//! How are payloads shown in the gateway's own log?

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt as _};

use super::{Delivered, Failure, Sender};
use crate::{
    Payload, Signal, json,
    settings::{self, Verbosity},
    text, wire,
};

/// An exporter into the log.
#[derive(Debug)]
pub struct ToLog {
    name: String,
    settings: settings::Debug,
    second: Mutex<Second>,
}

/// How much was shown in the second that runs.
#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    seen: u64,
}

impl ToLog {
    /// An exporter of this name.
    pub fn new(name: String, settings: settings::Debug) -> Self {
        Self {
            name,
            settings,
            second: Mutex::default(),
        }
    }

    /// Whether this one is shown: the first few of a second, then one of so many.
    fn shown(&self, now: Instant) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if second
            .began
            .is_none_or(|began| now - began >= Duration::from_secs(1))
        {
            *second = Second {
                began: Some(now),
                seen: 0,
            };
        }
        second.seen += 1;
        let (initial, thereafter) = (
            u64::from(self.settings.initial),
            u64::from(self.settings.thereafter),
        );
        second.seen <= initial
            || (thereafter > 0 && (second.seen - initial).is_multiple_of(thereafter))
    }

    fn show(&self, payload: &Payload) {
        let body = payload.body.joined();
        let resources = wire::resources(&body).count();
        let (exporter, signal, items) =
            (self.name.as_str(), payload.signal.as_str(), payload.items);
        match self.settings.verbosity {
            Verbosity::Basic => tracing::info!(exporter, signal, resources, items, "received"),
            Verbosity::Normal => {
                let lines = lines(payload.signal, &body).join("; ");
                tracing::info!(exporter, signal, resources, items, "received: {lines}");
            }
            Verbosity::Detailed => {
                let mut text = Vec::new();
                let written = json::from_protobuf(payload.signal, &body, &mut text);
                let text = String::from_utf8_lossy(&text);
                match written {
                    Ok(()) => {
                        tracing::info!(exporter, signal, resources, items, "received: {text}");
                    }
                    Err(error) => tracing::warn!(
                        exporter,
                        signal,
                        items,
                        "received what cannot be shown: {error}"
                    ),
                }
            }
        }
    }
}

/// A line for each item: what it is called, and its attributes.
fn lines(signal: Signal, body: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in wire::resources(body) {
        for scope in resource.children() {
            for item in scope.children() {
                lines.push(line(signal, item.message()));
            }
        }
    }
    lines
}

fn line(signal: Signal, item: &[u8]) -> String {
    let (name, attributes) = match signal {
        Signal::Traces => (5, 9),
        Signal::Metrics => (1, 12),
        Signal::Logs => (5, 6),
    };
    let named = wire::bytes_of(item, name);
    let mut line = match signal {
        Signal::Logs => text::text(&wire::Value::read(named)),
        Signal::Traces | Signal::Metrics => String::from_utf8_lossy(named).into_owned(),
    };
    for attribute in wire::attributes(item, attributes) {
        line.extend([" ", attribute.key, "=", &text::text(&attribute.value)]);
    }
    line
}

impl Sender for ToLog {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        futures::future::lazy(move |_| {
            if self.shown(Instant::now()) {
                self.show(payload);
            }
            Ok::<_, Failure>(Delivered::default())
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::samples::payload;

    #[test]
    fn the_first_of_a_second_are_shown_then_one_of_some() {
        let settings = settings::Debug {
            verbosity: Verbosity::Basic,
            initial: 2,
            thereafter: 3,
        };
        let exporter = ToLog::new("debug".into(), settings);
        let now = Instant::now();
        let shown: Vec<bool> = (0..8).map(|_| exporter.shown(now)).collect();
        assert_eq!(shown, [true, true, false, false, true, false, false, true]);
        assert!(exporter.shown(now + Duration::from_secs(1)));
    }

    #[test]
    fn a_line_says_what_an_item_is_called_and_has() {
        let spans = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"GET /","attributes":[{"key":"n","value":{"intValue":"1"}}]}]}]}]}"#;
        assert_eq!(
            lines(
                Signal::Traces,
                &payload(Signal::Traces, spans).body.joined()
            ),
            ["GET / n=1"]
        );
        let logs = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"failed"}}]}]}]}"#;
        assert_eq!(
            lines(Signal::Logs, &payload(Signal::Logs, logs).body.joined()),
            ["failed"]
        );
    }
}
