//! Is each request answered, and each answer counted?

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Running, limits, review};

#[tokio::test]
async fn a_review_is_answered_and_counted() {
    let running = Running::new(limits()).await;
    let reply = running.review(&review("shop")).await;
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(reply.code, 200);
    assert_eq!(answer["kind"], "AdmissionReview");
    assert_eq!(
        answer["response"]["uid"],
        "705ab4f5-6393-11e8-b7cc-42010a800002"
    );
    assert_eq!(answer["response"]["allowed"], true);
    assert_eq!(answer["response"]["patchType"], "JSONPatch");

    let refused = running.review(&review("elsewhere")).await;
    let answer: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(refused.code, 200);
    assert_eq!(answer["response"]["allowed"], false);
    assert!(
        answer["response"]["status"]["message"]
            .as_str()
            .unwrap()
            .contains("`elsewhere/api-…`")
    );

    let metrics = running.ask("GET /metrics HTTP/1.1", b"").await.body;
    for line in [
        "otelier_injector_reviews_total{outcome=\"injected\"} 1",
        "otelier_injector_reviews_total{outcome=\"refused\"} 1",
        "otelier_injector_reviews_total{outcome=\"left\"} 0",
        "otelier_injector_review_duration_seconds_count 2",
        "otelier_injector_errors_total{code=\"400\"} 0",
    ] {
        assert!(
            metrics.lines().any(|counted| counted == line),
            "{line}:\n{metrics}"
        );
    }
}

#[tokio::test]
async fn what_is_no_review_is_refused_with_its_reason() {
    let running = Running::new(limits()).await;
    let json = "POST /mutate HTTP/1.1\r\ncontent-type: application/json";
    let old = String::from_utf8(review("shop"))
        .unwrap()
        .replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    let empty = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#;
    for (head, body, code, words) in [
        (json, "{", 400, "the body is no AdmissionReview"),
        (json, &*old, 400, "`admission.k8s.io/v1beta1`"),
        (json, empty, 400, "has no request"),
        ("POST /mutate HTTP/1.1", empty, 400, "`application/json`"),
        ("GET /mutate HTTP/1.1", "", 405, "not for this method"),
        ("POST /healthz HTTP/1.1", "", 405, "not for this method"),
        ("GET / HTTP/1.1", "", 404, "no such path"),
    ] {
        let reply = running.ask(head, body.as_bytes()).await;
        assert_eq!(reply.code, code, "{reply:?}");
        assert!(reply.body.contains(words), "{reply:?}");
    }
    running
        .counted("otelier_injector_errors_total{code=\"400\"} 4")
        .await;
}

#[tokio::test]
async fn it_says_that_it_lives_and_is_ready() {
    let running = Running::new(limits()).await;
    let mut connection = running.connect().await;
    for path in ["/healthz", "/readyz"] {
        let reply = connection.ask(&format!("GET {path} HTTP/1.1"), b"").await;
        assert_eq!((reply.code, reply.body.as_str()), (200, "ok\n"));
    }
}

#[tokio::test]
async fn in_the_open_it_shows_how_it_is_and_answers_no_reviews() {
    let running = Running::new(limits()).await;
    let address = running.show().await;
    let ask = async |head: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{head} HTTP/1.1\r\nhost: injector\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply.split(' ').nth(1).unwrap().to_owned()
    };
    for (head, code) in [
        ("GET /healthz", "200"),
        ("GET /readyz", "200"),
        ("GET /metrics", "200"),
        ("POST /mutate", "404"),
    ] {
        assert_eq!(ask(head).await, code, "{head}");
    }
}
