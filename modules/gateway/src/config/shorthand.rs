//! What may be written in another way than it is read?
//!
//! The collector has a few ways to write a thing that are no keys of their own: a section that can be left out can
//! also be switched off with `enabled: false`, headers may be a list of names and values, and how a batch counts may
//! follow from how its queue does.

use serde_json::{Map, Value};

/// Sections of receivers and exporters that can be left out.
const OPTIONAL: [&str; 11] = [
    "auth",
    "batch",
    "cors",
    "dns",
    "enforcement_policy",
    "grpc",
    "http",
    "k8s",
    "keepalive",
    "server_parameters",
    "static",
];

/// The settings of a component of this section, with every shorthand spelled out.
pub(super) fn spelled_out(section: &str, settings: &Value) -> Value {
    let mut settings = settings.clone();
    if matches!(section, "receivers" | "exporters") {
        spell(&mut settings, section);
    }
    settings
}

fn spell(value: &mut Value, section: &str) {
    let Value::Object(fields) = value else {
        return;
    };
    // Without TLS a server is called in the open; a client always has settings of it.
    let optional = |key: &str| OPTIONAL.contains(&key) || (key == "tls" && section == "receivers");
    fields.retain(|key, field| !optional(key) || is_on(field));
    for (key, field) in fields {
        match key.as_str() {
            "headers" | "response_headers" => headers(field),
            "sending_queue" => queue(field),
            _ => {}
        }
        spell(field, section);
    }
}

/// Whether a section is there, and has not said that it is off. That it is on needs not be said.
fn is_on(section: &mut Value) -> bool {
    let Value::Object(fields) = section else {
        return true;
    };
    match fields.get("enabled") {
        Some(Value::Bool(true)) => {
            fields.remove("enabled");
            true
        }
        Some(Value::Bool(false)) => false,
        _ => true,
    }
}

/// Names with values, also from a list of both; what has no value has an empty one.
fn headers(value: &mut Value) {
    if let Value::Array(items) = value
        && let Some(named) = items.iter().map(named).collect::<Option<Map<_, _>>>()
    {
        *value = Value::Object(named);
    }
    if let Value::Object(fields) = value {
        for field in fields.values_mut().filter(|field| field.is_null()) {
            *field = Value::String(String::new());
        }
    }
}

fn named(item: &Value) -> Option<(String, Value)> {
    let fields = item.as_object()?;
    let known = fields.keys().all(|key| key == "name" || key == "value");
    let name = fields.get("name")?.as_str()?;
    let value = fields.get("value").cloned().unwrap_or_default();
    known.then(|| (name.to_owned(), value))
}

/// A batch that is named is there, and counts as its queue where that says how and itself does not.
fn queue(value: &mut Value) {
    let Value::Object(fields) = value else {
        return;
    };
    let sizer = fields
        .get("sizer")
        .filter(|sizer| !sizer.is_null())
        .cloned();
    match fields.get_mut("batch") {
        Some(batch @ Value::Null) => *batch = Value::Object(Map::new()),
        Some(Value::Object(batch)) => {
            if let Some(sizer) = sizer {
                batch.entry("sizer").or_insert(sizer);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_shortly_is_read_as_it_is_meant() {
        for (short, long) in [
            (
                json!({"keepalive": {"enabled": false, "time": "5s"}}),
                json!({}),
            ),
            (
                json!({"keepalive": {"enabled": true, "time": "5s"}}),
                json!({"keepalive": {"time": "5s"}}),
            ),
            (
                json!({"protocols": {"grpc": null, "http": {"enabled": false}}}),
                json!({"protocols": {"grpc": null}}),
            ),
            // A queue has the key itself, and so has nobody else.
            (
                json!({"sending_queue": {"enabled": false}, "tls": {"enabled": false}}),
                json!({"sending_queue": {"enabled": false}, "tls": {"enabled": false}}),
            ),
            (
                json!({"sending_queue": {"batch": null, "sizer": "bytes"}}),
                json!({"sending_queue": {"batch": {}, "sizer": "bytes"}}),
            ),
            (
                json!({"sending_queue": {"batch": {"min_size": 5}, "sizer": "bytes"}}),
                json!({"sending_queue": {"batch": {"min_size": 5, "sizer": "bytes"}, "sizer": "bytes"}}),
            ),
            (
                json!({"sending_queue": {"batch": {"sizer": "items"}, "sizer": "bytes"}}),
                json!({"sending_queue": {"batch": {"sizer": "items"}, "sizer": "bytes"}}),
            ),
            (
                json!({"headers": [{"name": "a", "value": "b"}, {"name": "c"}]}),
                json!({"headers": {"a": "b", "c": ""}}),
            ),
            (
                json!({"headers": {"a": null}}),
                json!({"headers": {"a": ""}}),
            ),
            (
                json!({"headers": [{"nam": "a"}]}),
                json!({"headers": [{"nam": "a"}]}),
            ),
        ] {
            assert_eq!(spelled_out("exporters", &short), long, "{short}");
        }
    }

    #[test]
    fn a_server_can_have_no_tls_and_other_sections_are_left_alone() {
        let tls = json!({"tls": {"enabled": false}});
        assert_eq!(spelled_out("receivers", &tls), json!({}));
        let actions = json!({"batch": {"enabled": false}});
        assert_eq!(spelled_out("processors", &actions), actions);
    }
}
