//! Both directions against a generated decoder and the specification's own examples.

use collector_config::Signal;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::any_value::Value,
    metrics::v1::{metric::Data, number_data_point},
};
use proptest::prelude::*;
use prost::{Message as _, encoding::WireType as Wire};

use super::{
    EXPANSION, from_protobuf,
    schema::{Field, Kind, Message, Presence, request},
    to_protobuf,
};

fn span(json: &str) -> Result<opentelemetry_proto::tonic::trace::v1::Span, String> {
    let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{json}]}}]}}]}}"#);
    let bytes = to_protobuf(Signal::Traces, text.as_bytes()).map_err(|error| {
        std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default()
    })?;
    let mut request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    Ok(request
        .resource_spans
        .remove(0)
        .scope_spans
        .remove(0)
        .spans
        .remove(0))
}

fn attribute(json: &str) -> Option<Value> {
    let span = span(&format!(
        r#"{{"attributes":[{{"key":"k","value":{json}}}]}}"#
    ))
    .unwrap();
    span.attributes.into_iter().next()?.value?.value
}

#[test]
fn ids_are_hexadecimal_in_either_case_and_may_be_empty() {
    let read = span(
        r#"{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","parentSpanId":""}"#,
    );
    let read = read.unwrap();
    assert_eq!(read.trace_id[..3], [0x5b, 0x8e, 0xff]);
    assert_eq!(read.span_id.len(), 8);
    assert_eq!(read.parent_span_id, b"");
    for wrong in [
        "5B8E",
        "zz8EFFF798038103D269B633813FC60C",
        "W47/95gDgQPSabYzgT/GDA==",
    ] {
        let why = span(&format!(r#"{{"traceId":"{wrong}"}}"#)).unwrap_err();
        assert!(
            why.contains("expected 32 hexadecimal digits for `traceId`"),
            "{why}"
        );
    }
}

#[test]
fn integers_of_64_bits_are_strings_or_numbers() {
    for (json, nanos) in [
        (r#""1544712660000000000""#, 1_544_712_660_000_000_000),
        ("1544712660000000000", 1_544_712_660_000_000_000),
        ("18446744073709551615", u64::MAX),
        (r#""18446744073709551615""#, u64::MAX),
        ("1e3", 1000),
        ("1.0", 1),
        ("null", 0),
    ] {
        let read = span(&format!(r#"{{"startTimeUnixNano":{json}}}"#)).unwrap();
        assert_eq!(read.start_time_unix_nano, nanos, "{json}");
    }
    for wrong in [
        "-1",
        "1.5",
        r#""18446744073709551616""#,
        "true",
        "{}",
        "[1]",
        r#""soon""#,
    ] {
        assert!(
            span(&format!(r#"{{"startTimeUnixNano":{wrong}}}"#)).is_err(),
            "{wrong}"
        );
    }
    assert_eq!(
        attribute(r#"{"intValue":"-9223372036854775808"}"#),
        Some(Value::IntValue(i64::MIN))
    );
    assert_eq!(attribute(r#"{"intValue":-5}"#), Some(Value::IntValue(-5)));
}

#[test]
fn enumerations_are_numbers_only_and_names_are_in_camel_case_only() {
    assert_eq!(span(r#"{"kind":2,"status":{"code":2}}"#).unwrap().kind, 2);
    let why = span(r#"{"kind":"SPAN_KIND_SERVER"}"#).unwrap_err();
    assert!(
        why.contains("the number of an enumerator for `kind`"),
        "{why}"
    );
    let read = span(
        r#"{"trace_id":"5B8EFFF798038103D269B633813FC60C","whatever":{"deep":[1,{"x":null}]},"name":"n"}"#,
    );
    let read = read.unwrap();
    assert_eq!(
        (read.trace_id.len(), read.name.as_str()),
        (0, "n"),
        "unknown fields are ignored"
    );
}

#[test]
fn values_keep_their_type_and_empty_ones_are_there() {
    assert_eq!(
        attribute(r#"{"stringValue":""}"#),
        Some(Value::StringValue(String::new()))
    );
    assert_eq!(
        attribute(r#"{"boolValue":false}"#),
        Some(Value::BoolValue(false))
    );
    assert_eq!(
        attribute(r#"{"doubleValue":"-Infinity"}"#),
        Some(Value::DoubleValue(f64::NEG_INFINITY))
    );
    assert_eq!(
        attribute(r#"{"doubleValue":"1.5"}"#),
        Some(Value::DoubleValue(1.5))
    );
    assert_eq!(
        attribute(r#"{"doubleValue":3}"#),
        Some(Value::DoubleValue(3.0))
    );
    assert_eq!(
        attribute(r#"{"bytesValue":"_-8"}"#),
        Some(Value::BytesValue(vec![255, 239]))
    );
    assert_eq!(
        attribute(r#"{"bytesValue":"/+8="}"#),
        Some(Value::BytesValue(vec![255, 239]))
    );
    assert_eq!(attribute("null"), None);
    assert_eq!(attribute(r#"{"stringValue":null}"#), None);
    assert!(
        matches!(attribute(r#"{"arrayValue":{"values":[{"intValue":1},{}]}}"#),
        Some(Value::ArrayValue(array)) if array.values.len() == 2)
    );
}

#[test]
fn numbers_of_histograms_are_packed() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
            {"count":"3","sum":0,"bucketCounts":["1",2,0],"explicitBounds":[1,"2.5"]}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[
            {"scale":-2,"positive":{"offset":-1,"bucketCounts":[0,"300"]}}]}},
        {"name":"g","gauge":{"dataPoints":[{"asInt":"-7"},{"asDouble":0}]}}]}]}]}"#;
    let bytes = to_protobuf(Signal::Metrics, text.as_bytes()).unwrap();
    let read = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
    let metrics = &read.resource_metrics[0].scope_metrics[0].metrics;
    let Some(Data::Histogram(histogram)) = &metrics[0].data else {
        panic!()
    };
    let point = &histogram.data_points[0];
    assert_eq!(
        (point.count, point.sum, &*point.bucket_counts),
        (3, Some(0.0), &[1, 2, 0][..])
    );
    assert_eq!(point.explicit_bounds, [1.0, 2.5]);
    let Some(Data::ExponentialHistogram(histogram)) = &metrics[1].data else {
        panic!()
    };
    let point = &histogram.data_points[0];
    let positive = point.positive.as_ref().unwrap();
    assert_eq!(
        (point.scale, positive.offset, &*positive.bucket_counts),
        (-2, -1, &[0, 300][..])
    );
    let Some(Data::Gauge(gauge)) = &metrics[2].data else {
        panic!()
    };
    assert_eq!(
        gauge.data_points[0].value,
        Some(number_data_point::Value::AsInt(-7))
    );
    assert_eq!(
        gauge.data_points[1].value,
        Some(number_data_point::Value::AsDouble(0.0))
    );
}

#[test]
fn what_is_no_request_says_where() {
    for (text, where_) in [
        ("", "line 1 column 0"),
        ("[]", "expected an object (ExportLogsServiceRequest)"),
        (r#"{"resourceLogs":{}}"#, "a list for `resourceLogs`"),
        (
            r#"{"resourceLogs":[null]}"#,
            "an object (ResourceLogs) for `resourceLogs`",
        ),
        (r#"{"resourceLogs":[]} x"#, "trailing characters"),
        (
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"\ud800"}}]}]}]}"#,
            "column",
        ),
    ] {
        let error = to_protobuf(Signal::Logs, text.as_bytes()).unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains(where_), "{text}: {why}");
    }
    let deep = format!(r#"{{"resourceLogs":{}"#, r#"[{"scopeLogs":"#.repeat(1000));
    assert!(to_protobuf(Signal::Logs, deep.as_bytes()).is_err());
}

/// A message with any of its fields, as bytes: written without any code that is tested here.
fn message(message: &'static Message, deep: u32) -> BoxedStrategy<Vec<u8>> {
    let mut all = Just(Vec::new()).boxed();
    let mut alone = Vec::new();
    for field in message.fields {
        if deep == 0 && matches!(field.kind, Kind::Message(_)) {
            continue;
        }
        let one = encoded(field, deep);
        // Of those that exclude one another, one at most.
        if matches!(message.name, "AnyValue")
            || matches!((message.name, field.number), ("Metric", 5..=11))
        {
            alone.push(one);
            continue;
        }
        if matches!(
            (message.name, field.number),
            ("NumberDataPoint", 4) | ("Exemplar", 3)
        ) {
            continue;
        }
        all = (all, prop_oneof![Just(Vec::new()), one])
            .prop_map(|(a, b)| [a, b].concat())
            .boxed();
    }
    if !alone.is_empty() {
        all = (all, proptest::strategy::Union::new(alone))
            .prop_map(|(a, b)| [a, b].concat())
            .boxed();
    }
    all
}

fn encoded(field: &'static Field, deep: u32) -> BoxedStrategy<Vec<u8>> {
    let number = field.number;
    let repeated = field.presence == Presence::Repeated;
    let text = |bytes: Vec<u8>| {
        let mut out = Vec::new();
        prost::encoding::bytes::encode(1, &bytes, &mut out);
        out.split_off(1)
    };
    let tagged = move |wire: Wire, rest: Vec<u8>| {
        let mut out = Vec::new();
        prost::encoding::encode_key(number, wire, &mut out);
        out.extend(rest);
        out
    };
    let varint = |value: u64| {
        let mut out = Vec::new();
        prost::encoding::encode_varint(value, &mut out);
        out
    };
    let (wire, bare): (_, BoxedStrategy<Vec<u8>>) = match field.kind {
        Kind::Text => (
            Wire::LengthDelimited,
            "\\PC{0,6}".prop_map(move |s| text(s.into())).boxed(),
        ),
        Kind::Bytes => (
            Wire::LengthDelimited,
            any::<Vec<u8>>().prop_map(text).boxed(),
        ),
        Kind::Id(n) => (
            Wire::LengthDelimited,
            proptest::collection::vec(any::<u8>(), n)
                .prop_map(text)
                .boxed(),
        ),
        Kind::Message(m) => (
            Wire::LengthDelimited,
            message(m, deep - 1).prop_map(text).boxed(),
        ),
        Kind::Bool => (
            Wire::Varint,
            any::<bool>().prop_map(move |b| varint(b.into())).boxed(),
        ),
        Kind::Int64 => (
            Wire::Varint,
            any::<i64>()
                .prop_map(move |v| varint(v.cast_unsigned()))
                .boxed(),
        ),
        Kind::UInt64 => (Wire::Varint, any::<u64>().prop_map(varint).boxed()),
        Kind::UInt32 | Kind::ZigZag32 => (
            Wire::Varint,
            any::<u32>().prop_map(move |v| varint(v.into())).boxed(),
        ),
        Kind::Enum => (
            Wire::Varint,
            any::<i32>()
                .prop_map(move |v| varint(i64::from(v).cast_unsigned()))
                .boxed(),
        ),
        Kind::Fixed32 => (
            Wire::ThirtyTwoBit,
            any::<[u8; 4]>().prop_map(|v| v.to_vec()).boxed(),
        ),
        Kind::Double => (
            Wire::SixtyFourBit,
            any::<f64>().prop_map(|v| v.to_le_bytes().to_vec()).boxed(),
        ),
        Kind::Fixed64 | Kind::SignedFixed64 => (
            Wire::SixtyFourBit,
            any::<[u8; 8]>().prop_map(|v| v.to_vec()).boxed(),
        ),
    };
    if !repeated {
        return bare.prop_map(move |bytes| tagged(wire, bytes)).boxed();
    }
    let several = proptest::collection::vec(bare, 0..3);
    match wire {
        Wire::LengthDelimited => several
            .prop_map(move |all| all.into_iter().flat_map(|one| tagged(wire, one)).collect())
            .boxed(),
        _ => several
            .prop_map(move |all| tagged(Wire::LengthDelimited, text(all.concat())))
            .boxed(),
    }
}

/// There and back is the same to a generated decoder.
fn holds<M: prost::Message + Default + std::fmt::Debug>(
    signal: Signal,
    bytes: &[u8],
) -> Result<(), TestCaseError> {
    let before = M::decode(bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut json = Vec::new();
    from_protobuf(signal, bytes, &mut json)
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let back =
        to_protobuf(signal, &json).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    prop_assert!(back.len() <= json.len() * EXPANSION);
    let after =
        M::decode(back.as_slice()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    // Compared as text, so that a number that is none equals itself.
    prop_assert_eq!(format!("{before:?}"), format!("{after:?}"));
    let known = before.encode_to_vec().len();
    prop_assert!(back.len() <= bytes.len().max(known), "nothing is added");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn traces_survive_json(bytes in message(request(Signal::Traces), 6)) {
        holds::<ExportTraceServiceRequest>(Signal::Traces, &bytes)?;
    }

    #[test]
    fn metrics_survive_json(bytes in message(request(Signal::Metrics), 7)) {
        holds::<ExportMetricsServiceRequest>(Signal::Metrics, &bytes)?;
    }

    #[test]
    fn logs_survive_json(bytes in message(request(Signal::Logs), 6)) {
        holds::<ExportLogsServiceRequest>(Signal::Logs, &bytes)?;
    }

    #[test]
    fn no_text_and_no_bytes_panic(text in any::<Vec<u8>>(), cut in 0usize..400) {
        let _ = to_protobuf(Signal::Traces, &text);
        let _ = from_protobuf(Signal::Traces, &text, &mut Vec::new());
        let whole = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","kind":2}]}]}]}"#;
        let cut = cut.min(whole.len() - 1);
        prop_assert!(to_protobuf(Signal::Traces, &whole[..cut]).is_err());
    }
}
