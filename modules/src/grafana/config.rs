//! What does Grafana find when it starts?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::protocol::DatasourceKind;

/// A file of data sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasourcesYaml {
    /// The version of the format.
    pub api_version: u32,
    /// Whether sources go that are no longer in a file.
    pub prune: bool,
    /// The sources.
    pub datasources: Vec<DatasourceYaml>,
}

/// One data source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasourceYaml {
    /// Its name for people.
    pub name: String,
    /// Its name for dashboards and for other sources, which never changes.
    pub uid: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who asks: the server.
    pub access: String,
    /// Where.
    pub url: String,
    /// Whether it is the one that a new panel begins with.
    pub is_default: bool,
    /// Whether people may change it.
    pub editable: bool,
    /// What only its kind knows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub json_data: Map<String, Value>,
}

/// A source that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) kind: DatasourceKind,
    pub(super) uid: String,
    pub(super) url: String,
}

/// `grafana.ini`, section by section.
pub(super) fn ini() -> String {
    let sections: [(&str, &[(&str, &str)]); 6] = [
        (
            "analytics",
            &[
                ("check_for_plugin_updates", "false"),
                ("check_for_updates", "false"),
                ("feedback_links_enabled", "false"),
                ("reporting_enabled", "false"),
            ],
        ),
        ("log", &[("mode", "console")]),
        ("log.console", &[("format", "json")]),
        (
            "paths",
            &[
                ("data", "/var/lib/grafana"),
                ("logs", "/tmp"),
                ("plugins", "/var/lib/grafana/plugins"),
                ("provisioning", "/etc/grafana/provisioning"),
            ],
        ),
        ("plugins", &[("preinstall_disabled", "true")]),
        ("security", &[("disable_gravatar", "true")]),
    ];
    let mut lines = Vec::new();
    for (section, settings) in sections {
        lines.push(format!("[{section}]"));
        lines.extend(
            settings
                .iter()
                .map(|(key, value)| format!("{key} = {value}")),
        );
        lines.push(String::new());
    }
    lines.join("\n")
}

/// The sources with links from each to the others: from a trace to its logs, from a line to its trace.
pub(super) fn datasources(sources: &[Source]) -> DatasourcesYaml {
    let mut first = BTreeMap::new();
    for source in sources {
        first.entry(source.kind).or_insert(source.uid.as_str());
    }
    let yaml = |(index, source): (usize, &Source)| DatasourceYaml {
        name: source.uid.clone(),
        uid: source.uid.clone(),
        kind: kind(source.kind).to_owned(),
        access: "proxy".to_owned(),
        url: source.url.clone(),
        is_default: default(sources) == index,
        editable: false,
        json_data: links(source.kind, &first),
    };
    DatasourcesYaml {
        api_version: 1,
        prune: true,
        datasources: sources.iter().enumerate().map(yaml).collect(),
    }
}

fn kind(kind: DatasourceKind) -> &'static str {
    match kind {
        DatasourceKind::Prometheus => "prometheus",
        DatasourceKind::Loki => "loki",
        DatasourceKind::Jaeger => "jaeger",
    }
}

/// Metrics, if there are any.
fn default(sources: &[Source]) -> usize {
    let metrics = |source: &Source| source.kind == DatasourceKind::Prometheus;
    sources.iter().position(metrics).unwrap_or(0)
}

fn links(kind: DatasourceKind, first: &BTreeMap<DatasourceKind, &str>) -> Map<String, Value> {
    let mut data = Map::new();
    let traces = first.get(&DatasourceKind::Jaeger);
    match kind {
        DatasourceKind::Prometheus => {
            data.insert("httpMethod".to_owned(), json!("POST"));
            data.insert("prometheusType".to_owned(), json!("Prometheus"));
            if let Some(uid) = traces {
                let exemplars = json!([{ "name": "trace_id", "datasourceUid": uid }]);
                data.insert("exemplarTraceIdDestinations".to_owned(), exemplars);
            }
        }
        DatasourceKind::Loki => {
            if let Some(uid) = traces {
                let field = json!([{
                    "name": "trace",
                    "matcherType": "label",
                    "matcherRegex": "trace_id",
                    // Grafana replaces `$${…}` itself when the link is followed.
                    "url": "$${__value.raw}",
                    "datasourceUid": uid,
                }]);
                data.insert("derivedFields".to_owned(), field);
            }
        }
        DatasourceKind::Jaeger => {
            if let Some(uid) = first.get(&DatasourceKind::Loki) {
                let logs = json!({
                    "datasourceUid": uid,
                    "spanStartTimeShift": "-5m",
                    "spanEndTimeShift": "5m",
                    "customQuery": true,
                    "query": "{service_name=\"$${__span.tags[\"service.name\"]}\"} | trace_id=\"$${__trace.traceId}\"",
                });
                data.insert("tracesToLogsV2".to_owned(), logs);
            }
        }
    }
    data
}
