//! How does one come from a number to the traces that it was counted from?

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::model::Link;
use crate::protocol::DatasourceKind;

/// Where traces are kept.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    /// What keeps them.
    pub(crate) kind: DatasourceKind,
    /// What Grafana calls it.
    pub(crate) uid: String,
}

/// What is known of a line: labels of its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// `service_name`.
    Service,
    /// `service_name` and `span_name`.
    Span,
}

/// What Grafana puts there when the link is followed.
const SERVICE: &str = "${__field.labels.service_name:percentencode}";
const SPAN: &str = "${__field.labels.span_name:percentencode}";

impl Traces {
    /// Leads to the traces of what is clicked, of the time that is shown.
    pub(super) fn of(&self, known: Known) -> Link {
        let uid = &self.uid;
        let mut query = if self.kind == DatasourceKind::Tempo {
            self.of_tempo(known)
        } else {
            self.of_jaeger(known)
        };
        query["refId"] = json!("A");
        let range = json!({ "from": "${__from}", "to": "${__to}" });
        let pane = json!({ "datasource": uid, "queries": [query], "range": range });
        Link {
            title: "Traces",
            url: format!(
                "/explore?schemaVersion=1&panes={}",
                encoded(&json!({ "a": pane }))
            ),
            target_blank: false,
        }
    }

    fn of_tempo(&self, known: Known) -> Value {
        let name = match known {
            Known::Service => String::new(),
            Known::Span => format!(" && name=\"{SPAN}\""),
        };
        let query = format!("{{resource.service.name=\"{SERVICE}\"{name}}}");
        let source = json!({ "type": "tempo", "uid": self.uid });
        json!({ "queryType": "traceql", "query": query, "datasource": source })
    }

    fn of_jaeger(&self, known: Known) -> Value {
        let source = json!({ "type": "jaeger", "uid": self.uid });
        let mut query = json!({ "queryType": "search", "service": SERVICE, "datasource": source });
        if known == Known::Span {
            query["operation"] = json!(SPAN);
        }
        query
    }
}

/// As a part of a URL, but for what Grafana fills in.
fn encoded(value: &Value) -> String {
    let text = value.to_string();
    let mut url = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}').unwrap_or((after, ""));
        encode(before, &mut url);
        // Writing to a String does not fail.
        let _ = write!(url, "${{{variable}}}");
        rest = after;
    }
    encode(rest, &mut url);
    url
}

fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // As above.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grafana_fills_in_is_left_for_it() {
        let value = json!({ "q": "{a=\"${b.c:d}\"}ä" });
        let expected = "%7B%22q%22%3A%22%7Ba%3D%5C%22${b.c:d}%5C%22%7D%C3%A4%22%7D";
        assert_eq!(encoded(&value), expected);
    }

    #[test]
    fn each_keeper_of_traces_is_asked_in_its_own_words() {
        for (kind, expected) in [
            (
                DatasourceKind::Jaeger,
                "%22operation%22%3A%22${__field.labels.span_name:percentencode}%22",
            ),
            (
                DatasourceKind::Tempo,
                "name%3D%5C%22${__field.labels.span_name:percentencode}%5C%22",
            ),
        ] {
            let uid = "kept".to_owned();
            let traces = Traces { kind, uid };
            assert!(traces.of(Known::Span).url.contains(expected), "{kind:?}");
            assert!(!traces.of(Known::Service).url.contains("span_name"));
        }
    }
}
