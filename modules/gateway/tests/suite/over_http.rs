//! What goes in over HTTP comes out, and what does not is answered as the specification has it.

use gateway::settings::WireCompression;
use prost::Message as _;
use serde_json::Value;

use crate::support::{Backend, Running, Status, count, over_http, request, settings, spans};

const PROTO: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a"}]}]}]}"#;

#[tokio::test]
async fn protobuf_and_json_go_through_on_one_port() {
    let (backend, address) = Backend::start().await;
    let gateway = Running::start(&settings(over_http(address, WireCompression::None)));
    let to = gateway.http;
    let (status, headers, body) = request(to, "POST", "/v1/traces", &[PROTO], spans(2)).await;
    assert_eq!((status, body.len()), (200, 0));
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let (status, headers, body) = request(to, "POST", "/v1/traces", &[JSON], SPAN.into()).await;
    assert_eq!((status, body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(headers["content-type"], "application/json");
    gateway.stop().await;
    let got = backend.got();
    assert!(got.iter().all(|one| one.path == "/v1/traces"));
    assert_eq!(got.iter().map(|one| count(&one.body)).sum::<usize>(), 3);
}

/// What a body says to people, and what it says is wrong.
fn told(body: &[u8]) -> (String, Option<Vec<String>>) {
    let status = Status::decode(body).unwrap();
    (status.message.clone(), status.violations())
}

fn told_in_json(body: &[u8]) -> (String, Option<Vec<String>>) {
    let status: Value = serde_json::from_slice(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let details = status["details"].as_array().map(|details| {
        let kind = "type.googleapis.com/google.rpc.BadRequest";
        assert!(
            details.iter().all(|detail| detail["@type"] == kind),
            "{details:?}"
        );
        let violations = details
            .iter()
            .flat_map(|detail| detail["fieldViolations"].as_array().unwrap());
        violations
            .map(|violation| text(&violation["description"]))
            .collect()
    });
    (text(&status["message"]), details)
}

#[tokio::test]
async fn each_mistake_has_its_status() {
    let (backend, address) = Backend::start().await;
    let gateway = Running::start(&settings(over_http(address, WireCompression::None)));
    let to = gateway.http;
    let text = ("content-type", "text/plain");
    let br = ("content-encoding", "br");
    let cases: [(&str, &str, &[(&str, &str)], Vec<u8>, u16); 8] = [
        ("GET", "/v1/traces", &[PROTO], vec![], 405),
        ("POST", "/v1/other", &[PROTO], vec![], 404),
        ("POST", "/v1/traces", &[text], vec![], 415),
        ("POST", "/v1/traces", &[], vec![], 415),
        ("POST", "/v1/traces", &[PROTO], b"none".to_vec(), 400),
        ("POST", "/v1/traces", &[JSON], b"none".to_vec(), 400),
        ("POST", "/v1/traces", &[PROTO, br], spans(1), 400),
        ("POST", "/v1/traces", &[PROTO], vec![0; 2 << 20], 413),
    ];
    for (method, path, headers, body, expected) in cases {
        let (status, answered, body) = request(to, method, path, headers, body).await;
        assert_eq!(status, expected, "{method} {path} {headers:?}");
        assert!(!answered.contains_key("retry-after"), "{status}");
        let json = headers.contains(&JSON) || !headers.contains(&PROTO);
        let format = ["application/x-protobuf", "application/json"][usize::from(json)];
        assert_eq!(answered["content-type"], format);
        let (message, violations) = if json {
            told_in_json(&body)
        } else {
            told(&body)
        };
        let bad = (status == 400).then(|| vec![message]);
        assert_eq!(violations, bad, "{status} {format}");
    }
    gateway.stop().await;
    assert!(backend.got().is_empty());
}

#[tokio::test]
async fn who_finds_no_room_is_told_when_to_come_again() {
    let (_, address) = Backend::start().await;
    let mut settings = settings(over_http(address, WireCompression::None));
    // What a connection takes for itself is left, and nothing for what comes over it.
    let (budget, connection) = (100 << 10, 32 << 10);
    settings.memory.budget = budget;
    let gateway = Running::start(&settings);
    let held = budget - connection - 10;
    let held = gateway.gateway().budget().charge(held).unwrap();
    let (status, headers, body) =
        request(gateway.http, "POST", "/v1/traces", &[JSON], SPAN.into()).await;
    assert_eq!(
        (status, &headers["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["code"], body["message"].is_string()),
        (&14.into(), true)
    );
    drop(held);
    gateway.stop().await;
}
