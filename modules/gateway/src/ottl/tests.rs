//! Conditions about spans, points and records, worked out on bytes.

use collector_config::{Signal, ottl::Context};

use super::*;
use crate::{json, wire};

fn first(signal: Signal, json: &str) -> Vec<u8> {
    json::to_protobuf(signal, json.as_bytes()).unwrap()
}

fn subject(body: &[u8]) -> Subject<'_> {
    let resource = wire::resources(body).next().unwrap();
    let scope = resource.children().next().unwrap();
    let item = scope.children().next().unwrap().message();
    Subject {
        resource,
        scope: Some(scope),
        item,
        part: &[],
    }
}

fn span() -> Vec<u8> {
    first(
        Signal::Traces,
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"schemaUrl":"u",
        "scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","name":"GET /cart","kind":2,
        "startTimeUnixNano":"5","status":{"code":2,"message":"no"},"attributes":[
        {"key":"http.status","value":{"intValue":"500"}},{"key":"ratio","value":{"doubleValue":0.5}},{"key":"raw","value":{"bytesValue":"AQ=="}},
        {"key":"ok","value":{"boolValue":true}},{"key":"map","value":{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"b"}}]}}},
        {"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}}]}]}]}]}"#,
    )
}

#[test]
fn conditions_hold_as_in_the_collector() {
    let body = span();
    for (text, expected) in [
        (r#"name == "GET /cart""#, true),
        (
            r#"span.name != "x" and resource.attributes["service.name"] == "shop""#,
            true,
        ),
        (
            r#"resource.schema_url == "u" and scope.name == "lib""#,
            true,
        ),
        (
            r#"attributes["http.status"] >= 500 and attributes["http.status"] < 500.5"#,
            true,
        ),
        (r#"attributes["http.status"] == "500""#, false),
        (r#"attributes["http.status"] != "500""#, true),
        (r#"attributes["none"] == nil"#, true),
        (r#"attributes["none"] < 1"#, false),
        (
            r#"attributes["ratio"] == 0.5 and attributes["ok"] == true and attributes["raw"] == 0x01"#,
            true,
        ),
        (
            r#"attributes["map"]["a"] == "b" and attributes["map"]["c"] == nil"#,
            true,
        ),
        (
            r#"status.code == STATUS_CODE_ERROR and status.message == "no""#,
            true,
        ),
        (r"kind == SPAN_KIND_SERVER or name > attributes", false),
        (r#"kind.string == "Server""#, true),
        (
            r#"trace_id.string == "5b8efff798038103d269b633813fc60c""#,
            true,
        ),
        (r"IsRootSpan() and not (start_time_unix_nano > 5)", true),
        (
            r#"IsMatch(name, "^GET") and IsMatch(attributes["http.status"], "5..")"#,
            true,
        ),
        (r#"IsMatch(attributes["none"], ".*")"#, false),
        (
            r#"HasPrefix(name, "GET") and HasSuffix(name, "cart")"#,
            true,
        ),
        (
            r#"IsString(name) and IsInt(attributes["http.status"]) and IsDouble(attributes["ratio"]) and IsBool(attributes["ok"])"#,
            true,
        ),
        (
            r#"IsMap(attributes["map"]) and IsList(attributes["list"]) and Len(attributes["list"]) == 2 and Len(name) == 9"#,
            true,
        ),
        (
            r#"Int("7") == 7 and Int(attributes["ratio"]) == 0 and Double("0.5") == attributes["ratio"]"#,
            true,
        ),
        (
            r#"String(attributes["http.status"]) == "500" and ConvertCase(name, "lower") == "get /cart""#,
            true,
        ),
        (r"true and not false", true),
    ] {
        let Ok(condition) = Condition::new(text, &[Context::Span]) else {
            assert!(
                text.contains("> attributes"),
                "{text}: {:?}",
                Condition::new(text, &[Context::Span])
            );
            continue;
        };
        assert_eq!(condition.holds(&subject(&body)), Ok(expected), "{text}");
    }
}

#[test]
fn points_and_records_have_their_own_paths() {
    let body = first(
        Signal::Metrics,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","unit":"s","sum":{"aggregationTemporality":2,"isMonotonic":true,
        "dataPoints":[{"asInt":"-3","attributes":[{"key":"k","value":{"stringValue":"v"}}]}]}}]}]}]}"#,
    );
    let subject_of_metric = subject(&body);
    let point = data(subject_of_metric.item).unwrap().content;
    let part = wire::Fields::of(point)
        .find(|field| field.number == 1)
        .unwrap()
        .value
        .bytes()
        .unwrap();
    let subject = Subject {
        part,
        ..subject_of_metric
    };
    for text in [
        r"type == METRIC_DATA_TYPE_SUM and is_monotonic == true and aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE",
        r#"name == "m" and unit == "s""#,
    ] {
        assert_eq!(
            Condition::new(text, &[Context::Metric])
                .unwrap()
                .holds(&subject),
            Ok(true),
            "{text}"
        );
    }
    let text =
        r#"metric.name == "m" and datapoint.value_int == -3 and datapoint.attributes["k"] == "v""#;
    let condition = Condition::new(text, &[Context::Metric, Context::DataPoint]).unwrap();
    assert_eq!(condition.holds(&subject), Ok(true));
    assert_eq!(
        condition.contexts().into_iter().collect::<Vec<_>>(),
        [Context::Metric, Context::DataPoint]
    );

    let body = first(
        Signal::Logs,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":13,"body":{"stringValue":"failed"}}]}]}]}"#,
    );
    let text = r#"severity_number >= SEVERITY_NUMBER_WARN and severity_number < SEVERITY_NUMBER_WARN2 and body == "failed""#;
    let subject = self::subject(&body);
    assert_eq!(
        Condition::new(text, &[Context::Log])
            .unwrap()
            .holds(&subject),
        Ok(true)
    );
}

#[test]
fn what_a_function_does_not_take_is_said_and_not_guessed() {
    let condition =
        Condition::new(r#"HasPrefix(attributes["none"], "x")"#, &[Context::Span]).unwrap();
    let untold = condition.holds(&subject(&span())).unwrap_err();
    assert_eq!(
        untold.to_string(),
        "`HasPrefix` takes a string, and was given nothing"
    );
}

#[test]
fn what_is_not_done_is_refused_by_name_and_place() {
    for (text, said) in [
        (
            r"1 + 1 == 2",
            "at letter 3: the gateway does not know the calculation `+` in conditions",
        ),
        (
            r#"SHA256(name) == "x""#,
            "at letter 1: the gateway does not know the function `SHA256` in conditions",
        ),
        (
            r"events == nil",
            "at letter 1: the gateway does not know the path `events` in conditions",
        ),
        (
            r#"name == ["a"]"#,
            "at letter 9: the gateway does not know a list in conditions",
        ),
        (
            r#"IsMatch(name, "(")"#,
            "at letter 1: the gateway does not know the pattern `(` in conditions",
        ),
        (
            r"IsMatch(name, name)",
            "at letter 1: the gateway does not know a pattern that is no string in quotes in conditions",
        ),
        (
            r#"nam == "x""#,
            "at letter 1: there is no path `nam` here; did you mean `name`?",
        ),
    ] {
        let refused = Condition::new(text, &[Context::Span]).unwrap_err();
        assert_eq!(refused[0].to_string(), said, "{text}");
    }
}
