//! What is said about values that their types do not take.

use serde_json::json;

use super::*;
use crate::components::{
    attributes::Resource, load_balancing::LoadBalancing, otlp::Otlp, otlp_exporters::OtlpGrpc,
    tail_sampling::TailSampling,
};

fn flaws<T: DeserializeOwned>(value: &Value) -> (Option<T>, Vec<String>) {
    let spelled = BTreeMap::new();
    let (read, flaws) = read(Source {
        value,
        path: &["x".to_owned()],
        spelled: &spelled,
    });
    let text = |flaw: &Flaw| format!("{}: {}", flaw.path.join("::"), flaw.what);
    (read, flaws.iter().map(text).collect())
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_the_rest_is_read() {
    let (read, found) = flaws::<OtlpGrpc>(&json!({
        "endpoint": "a:1", "timeuot": "5s", "timeout": "soon", "headers": {"a": 1, "b": "c"},
        "sending_queue": {"queue_sise": 5, "num_consumers": -1, "sizer": "byte", "storage": "a b/c"},
        "tls": [],
    }));
    assert_eq!(
        found,
        [
            "x::headers::a: must be a text, not the number 1",
            "x::sending_queue::num_consumers: must be a whole number that is not negative, not the number -1",
            "x::sending_queue::queue_sise: there is no such key; did you mean `queue_size`?",
            "x::sending_queue::sizer: `byte` is not known; did you mean `bytes`? There are `requests`, `items`, `bytes`",
            "x::sending_queue::storage: `a b` is not a component type: letters, digits and `_`, beginning with a letter",
            "x::timeout: `soon` is not a duration such as `200ms` or `1h30m`",
            "x::timeuot: there is no such key; did you mean `timeout`?",
            "x::tls: must be keys with values, not a list",
        ]
    );
    let read = read.unwrap();
    assert_eq!(read.headers.get("b").map(String::as_str), Some("c"));
    assert_eq!(read.sending_queue.unwrap().queue_size, 1000);
}

#[test]
fn a_number_that_is_too_large_says_how_large_it_may_be_and_names_have_one_spelling() {
    let (_, found) =
        flaws::<OtlpGrpc>(&json!({"sending_queue": {"num_consumers": 4_294_967_296_u64}}));
    assert_eq!(
        found,
        ["x::sending_queue::num_consumers: must be at most 4294967295, not 4294967296"]
    );
    let (_, found) = flaws::<Resource>(&json!({"attributes": [{"key": "a", "action": "Insert"}]}));
    assert_eq!(
        found,
        [
            "x::attributes::0::action: `Insert` is not known; did you mean `insert`? \
          There are `insert`, `update`, `upsert`, `delete`, `hash`, `extract`, `convert`"
        ]
    );
}

#[test]
fn a_policy_is_read_to_its_bottom() {
    let (_, found) = flaws::<TailSampling>(&json!({ "policies": [
        {"name": "a", "type": "latency", "latency": {"threshold": 5}},
        {"name": "b", "type": "and", "and": {"and_sub_policy": [
            {"name": "c", "type": "span_count", "span_count": {"min_spans": "two"}, "spancount": {}},
        ]}},
        {"name": "d", "type": "always"},
    ]}));
    assert_eq!(
        found,
        [
            "x::policies::0::latency: `threshold_ms` is missing",
            "x::policies::0::latency::threshold: there is no such key; did you mean `threshold_ms`?",
            "x::policies::1::and::and_sub_policy::0::span_count::min_spans: must be a whole number that is not negative, not a text",
            "x::policies::1::and::and_sub_policy::0::spancount: there is no such key; did you mean `span_count`?",
            "x::policies::2::type: `always` is not known; did you mean `always_sample`? There are `always_sample`, `status_code`, `latency`, `probabilistic`, \
             `string_attribute`, `numeric_attribute`, `boolean_attribute`, `rate_limiting`, `bytes_limiting`, \
             `span_count`, `trace_state`, `trace_flags`, `ottl_condition`, `and`, `not`, `drop`, `composite`",
        ]
    );
}

#[test]
fn a_protocol_that_is_named_is_on_and_other_keys_may_be_empty() {
    let (otlp, found) = flaws::<Otlp>(&json!({"protocols": {"grpc": null}}));
    assert_eq!(found, <[String; 0]>::default());
    assert!(otlp.unwrap().protocols.grpc.is_some());
    let (_, found) =
        flaws::<LoadBalancing>(&json!({"protocol": null, "resolver": {"static": null}}));
    assert_eq!(found, <[String; 0]>::default());
}

#[test]
fn what_came_from_a_variable_is_the_text_of_it_where_a_text_is_wanted() {
    let value = json!({"endpoint": 123, "sending_queue": {"queue_size": 7}});
    let paths = [vec!["endpoint"], vec!["sending_queue", "queue_size"]];
    let spelled = paths.into_iter().map(|path| {
        let text = if path.len() == 1 { "0123" } else { "7" };
        (
            path.into_iter().map(str::to_owned).collect(),
            text.to_owned(),
        )
    });
    let spelled = spelled.collect();
    let (read, found) = read::<OtlpGrpc>(Source {
        value: &value,
        path: &[],
        spelled: &spelled,
    });
    assert_eq!(found, []);
    let read = read.unwrap();
    assert_eq!(read.endpoint, "0123");
    assert_eq!(read.sending_queue.unwrap().queue_size, 7);
}
