//! How does one come from a trace to its logs, from a line to its trace, from a sample to a trace?
//!
//! Each source is told of the first of the other kinds, so every link leads to a source that is there.

use std::collections::BTreeMap;

use provider_core::Destination;
use serde_json::{Map, Value, json};

use super::{
    config::{DatasourceYaml, DatasourcesYaml},
    source::Source,
};
use crate::{
    collector::self_metrics::spans,
    protocol::DatasourceKind::{
        self, Alertmanager, Elasticsearch, Jaeger, Loki, Prometheus, Tempo,
    },
    tls,
};

/// The sources with links from each to the others; `measuring` are those that measure their spans themselves.
pub(super) fn datasources(sources: &[Source], measuring: &[Destination]) -> DatasourcesYaml {
    let others = Others(sources, measuring);
    let default = default(sources);
    let yaml = |(index, source): (usize, &Source)| {
        let (user, password) = source.login_files().unzip();
        let mut secure: BTreeMap<String, String> = BTreeMap::new();
        secure.extend(password.map(|file| ("basicAuthPassword".to_owned(), file)));
        let mut json_data = others.links(source);
        if source.is_of_the_stack_and_secured() {
            json_data.insert("tlsAuthWithCACert".to_owned(), json!(true));
            let trusted = format!("$__file{{{}}}", tls::TRUST_FILE);
            secure.insert("tlsCACert".to_owned(), trusted);
        }
        if let Some(tenant) = &source.tenant {
            json_data.insert("httpHeaderName1".to_owned(), json!("X-Scope-OrgID"));
            secure.insert("httpHeaderValue1".to_owned(), tenant.clone());
        }
        DatasourceYaml {
            name: source.uid.clone(),
            uid: source.uid.clone(),
            kind: kind(source.kind).to_owned(),
            access: "proxy".to_owned(),
            url: source.url.clone(),
            is_default: default == index,
            editable: false,
            basic_auth: user.is_some().then_some(true),
            basic_auth_user: user,
            json_data,
            secure_json_data: secure,
        }
    };
    DatasourcesYaml {
        api_version: 1,
        prune: true,
        datasources: sources.iter().enumerate().map(yaml).collect(),
    }
}

fn kind(kind: DatasourceKind) -> &'static str {
    match kind {
        Prometheus => "prometheus",
        Loki => "loki",
        Elasticsearch => "elasticsearch",
        Jaeger => "jaeger",
        Tempo => "tempo",
        Alertmanager => "alertmanager",
    }
}

/// Metrics, if there are any.
fn default(sources: &[Source]) -> usize {
    let metrics = |source: &Source| source.kind == Prometheus;
    sources.iter().position(metrics).unwrap_or(0)
}

fn first<'a>(sources: &'a [Source], kinds: &[DatasourceKind]) -> Option<&'a Source> {
    sources.iter().find(|source| kinds.contains(&source.kind))
}

/// Where links to traces lead.
pub(super) fn traces(sources: &[Source]) -> Option<&Source> {
    first(sources, &[Tempo, Jaeger])
}

/// The sources that a link may lead to, and where spans are measured by who keeps them.
struct Others<'a>(&'a [Source], &'a [Destination]);

impl Others<'_> {
    fn first(&self, kinds: &[DatasourceKind]) -> Option<&Source> {
        first(self.0, kinds)
    }

    fn traces(&self) -> Option<&Source> {
        traces(self.0)
    }

    fn links(&self, source: &Source) -> Map<String, Value> {
        let data = match source.kind {
            Prometheus => self.of_metrics(),
            Loki => self.of_lines(),
            Elasticsearch => self.of_documents(source),
            Jaeger => self.of_traces(source),
            Tempo => {
                let mut data = self.of_traces(source);
                data.push(("nodeGraph", json!({ "enabled": true })));
                let metrics = self.first(&[Prometheus]);
                data.extend(metrics.map(|to| ("serviceMap", json!({ "datasourceUid": to.uid }))));
                data
            }
            Alertmanager => vec![
                ("implementation", json!("prometheus")),
                ("handleGrafanaManagedAlerts", json!(false)),
            ],
        };
        data.into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    fn of_metrics(&self) -> Vec<(&'static str, Value)> {
        let mut data = vec![
            ("httpMethod", json!("POST")),
            ("prometheusType", json!("Prometheus")),
            // No finer than what is measured.
            ("timeInterval", json!("30s")),
        ];
        if let Some(to) = self.traces() {
            let exemplars = json!([{ "name": "trace_id", "datasourceUid": to.uid }]);
            data.push(("exemplarTraceIdDestinations", exemplars));
        }
        if let Some(to) = self.first(&[Alertmanager]) {
            data.push(("manageAlerts", json!(true)));
            data.push(("alertmanagerUid", json!(to.uid)));
        }
        data
    }

    fn of_lines(&self) -> Vec<(&'static str, Value)> {
        let field = |to: &Source| {
            json!([{
                "name": "trace",
                "matcherType": "label",
                "matcherRegex": "trace_id",
                // Grafana replaces `$${…}` itself when the link is followed.
                "url": "$${__value.raw}",
                "datasourceUid": to.uid,
            }])
        };
        let field = self.traces().map(|to| ("derivedFields", field(to)));
        field.into_iter().collect()
    }

    fn of_documents(&self, source: &Source) -> Vec<(&'static str, Value)> {
        let mut data = vec![
            ("index", json!(source.index)),
            ("timeField", json!("@timestamp")),
            ("logMessageField", json!("body.text")),
            ("logLevelField", json!("severity_text")),
        ];
        if let Some(to) = self.traces() {
            let link =
                json!([{ "field": "trace_id", "url": "$${__value.raw}", "datasourceUid": to.uid }]);
            data.push(("dataLinks", link));
        }
        data
    }

    fn of_traces(&self, source: &Source) -> Vec<(&'static str, Value)> {
        let mut data = Vec::new();
        if let Some(to) = self.first(&[Loki, Elasticsearch]) {
            let query = if to.kind == Loki {
                "{service_name=\"$${__span.tags[\"service.name\"]}\"} | trace_id=\"$${__trace.traceId}\""
            } else {
                "trace_id:\"$${__trace.traceId}\""
            };
            let logs = json!({
                "datasourceUid": to.uid,
                "spanStartTimeShift": "-5m",
                "spanEndTimeShift": "5m",
                "customQuery": true,
                "query": query,
            });
            data.push(("tracesToLogsV2", logs));
        }
        if let Some(to) = self.first(&[Prometheus]) {
            let counted = if self.1.contains(&source.to) {
                &BY_TEMPO
            } else {
                &BY_COLLECTOR
            };
            data.push(("tracesToMetrics", to_metrics(to, counted)));
        }
        data
    }
}

/// Under which name spans are counted, and which label names their service.
struct Counted {
    calls: &'static str,
    service: &'static str,
}

/// The collector's `span_metrics` connector, as Prometheus writes what it is told.
const BY_COLLECTOR: Counted = Counted {
    calls: spans::CALLS,
    service: "service_name",
};

/// Tempo's own metrics generator.
const BY_TEMPO: Counted = Counted {
    calls: "traces_spanmetrics_calls_total",
    service: "service",
};

/// What is counted of the service of a span.
fn to_metrics(to: &Source, counted: &Counted) -> Value {
    let query = |name: &str, labels: &str| {
        let rate = format!("sum(rate({}{{{labels}}}[5m]))", counted.calls);
        json!({ "name": name, "query": rate })
    };
    json!({
        "datasourceUid": to.uid,
        "spanStartTimeShift": "-30m",
        "spanEndTimeShift": "30m",
        "tags": [{ "key": "service.name", "value": counted.service }],
        "queries": [
            query("calls", "$$__tags"),
            query("errors", "$$__tags,status_code=\"STATUS_CODE_ERROR\""),
        ],
    })
}
