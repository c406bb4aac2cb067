//! What arrives at the end of a way?

use std::{collections::BTreeSet, fs, net::TcpStream, path::PathBuf};

use serde_json::{Value, json};
use support::{Command, Running, peers};

/// A collector that writes down what it is sent.
pub(in crate::live) struct Sink {
    file: PathBuf,
    _running: Running,
    _folder: Command,
}

impl Sink {
    /// At the ports that everybody knows.
    pub(in crate::live) fn at(address: &str) -> Self {
        Self::of(&json!({ "otlp": { "protocols": {
            "grpc": { "endpoint": format!("{address}:4317") },
            "http": { "endpoint": format!("{address}:4318") },
        } } }))
    }

    /// With these receivers.
    pub(super) fn of(receivers: &Value) -> Self {
        let folder = Command::new("sink");
        let file = folder.folder().join("arrived.jsonl");
        let ids: Vec<&String> = receivers
            .as_object()
            .into_iter()
            .flatten()
            .map(|(id, _)| id)
            .collect();
        let pipeline = json!({ "receivers": ids, "exporters": ["file"] });
        let config = json!({
            "receivers": receivers,
            "exporters": { "file": { "path": file, "flush_interval": "100ms" } },
            "service": {
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": pipeline, "metrics": pipeline, "logs": pipeline },
            },
        });
        let path = folder.folder().join("config.yaml");
        fs::write(&path, config.to_string()).unwrap();
        let mut otelcol = peers::peer("otelcol");
        otelcol.arg("--config").arg(path);
        let mut running = Running::of(otelcol, folder.folder().join("output.log"));
        let all = receivers.as_object().into_iter().flatten();
        for (_, receiver) in all {
            let http = receiver["protocols"]["http"]["endpoint"].as_str().unwrap();
            running.wait("the sink listens", || TcpStream::connect(http).ok());
        }
        Self {
            file,
            _running: running,
            _folder: folder,
        }
    }

    /// Which signals with this mark have arrived.
    pub(in crate::live) fn arrived(&self, mark: &str) -> BTreeSet<&'static str> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(mark)).collect();
        let kinds = [
            ("resourceSpans", "traces"),
            ("resourceMetrics", "metrics"),
            ("resourceLogs", "logs"),
        ];
        let there = |key: &&str| {
            lines
                .iter()
                .any(|line| line.starts_with(&format!("{{\"{key}")))
        };
        kinds
            .iter()
            .filter(|(key, _)| there(key))
            .map(|(_, signal)| *signal)
            .collect()
    }
    /// All that has arrived so far; the last line may not be whole yet.
    pub(super) fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let lines = text.lines().map(serde_json::from_str);
        lines.filter_map(Result::ok).collect()
    }
}
