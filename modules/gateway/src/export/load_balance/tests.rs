//! Does what belongs together get to one member, and everything to somebody?

use std::{collections::BTreeSet, time::Duration};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::{
    json,
    process::samples::payload,
    settings::{Backoff, Http2, OtlpGrpc},
    wire,
};

/// A destination that tells how many items came; one whose name begins with `b` takes none.
struct One(String, UnboundedSender<(String, u64)>);

impl Sender for One {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async {
            let told = self.1.send((self.0.clone(), payload.items));
            told.unwrap();
            if self.0.starts_with('b') {
                return Err(Failure::passing("down"));
            }
            Ok(Delivered::default())
        })
    }
}

type Found = Arc<Mutex<Vec<String>>>;

/// A balancer among whom its resolver finds, and what its members are sent.
fn resolving(
    found: &[&str],
    retry: Option<Backoff>,
) -> (LoadBalancer, Found, UnboundedReceiver<(String, u64)>) {
    let found: Found = Arc::new(Mutex::new(names(found)));
    let (tell, told) = unbounded_channel();
    let mut balancer = balancer(RoutingKey::TraceId);
    balancer.settings.retry = retry;
    balancer.settings.choice = Choice::Dns(DnsNames {
        host: "members".to_owned(),
        port: 1,
        interval: Duration::from_millis(1),
        timeout: Duration::from_secs(30),
    });
    balancer.make = Box::new(move |name| Ok(Arc::new(One(name.to_owned(), tell.clone()))));
    let resolver = Arc::clone(&found);
    balancer.resolve = Some(Box::new(move || {
        let found = resolver.lock().unwrap().clone();
        Box::pin(async { Ok(found) })
    }));
    *balancer.members.lock().unwrap() = Members::default();
    (balancer, found, told)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Only a change of the members, or the end of the time for it, ends this pause.
const SELDOM: Backoff = Backoff {
    initial: Duration::from_hours(1),
    max: Duration::from_hours(1),
    give_up: None,
    multiplier: 1.0,
    jitter: 0.0,
};

/// So many spans, each of a trace of its own.
fn spans(count: u32) -> Payload {
    let spans: Vec<_> = (0..count)
        .map(|nth| format!(r#"{{"traceId":"{:032x}"}}"#, nth + 1))
        .collect();
    let text = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    payload(Signal::Traces, &text)
}

#[tokio::test]
async fn what_waits_for_a_member_that_is_none_any_more_goes_to_others() {
    let (balancer, found, mut told) = resolving(&["a:1", "b:1", "c:1"], Some(SELDOM));
    let payload = spans(60);
    let change = async {
        let mut first = BTreeMap::new();
        while first.len() < 3 {
            let (name, items) = told.recv().await.unwrap();
            first.insert(name, items);
        }
        *found.lock().unwrap() = names(&["a:1", "d:1", "e:1"]);
        first
    };
    let both = async { tokio::join!(balancer.send(&payload), change) };
    let (sent, first) = timeout(Duration::from_secs(30), both).await.unwrap();
    assert_eq!(sent, Ok(Delivered::default()));
    // What b had not taken, and nothing else: by the ring of now.
    let mut again = 0;
    while let Ok((name, items)) = told.try_recv() {
        assert!(["a:1", "d:1", "e:1"].contains(&name.as_str()), "{name}");
        again += items;
    }
    assert_eq!(again, first["b:1"]);
}

#[tokio::test]
async fn what_does_not_arrive_in_its_time_is_given_back() {
    let (mut balancer, _found, _told) = resolving(&["b:1"], Some(SELDOM));
    balancer.settings.within = Some(Duration::from_millis(20));
    let payload = spans(1);
    let sent = timeout(Duration::from_secs(30), balancer.send(&payload)).await;
    let late = Failure::passing("not all of it arrived in time");
    assert_eq!(sent.unwrap(), Err(late));
}

#[tokio::test]
async fn what_one_member_does_not_take_is_left_and_the_rest_is_not() {
    let (balancer, _, mut told) = resolving(&["a:1", "b:1", "c:1"], None);
    let sent = balancer.send(&spans(60)).await.unwrap();
    let mut items = BTreeMap::new();
    while let Ok((name, more)) = told.try_recv() {
        items.insert(name, more);
    }
    assert_eq!(items.values().sum::<u64>(), 60);
    let [left] = &sent.left[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(left.payload.items, items["b:1"]);
    assert_eq!(left.failure, Failure::passing("down"));
    assert_eq!(sent.rejected, 0);
}

fn balancer(key: RoutingKey) -> LoadBalancer {
    let names = ["a:1", "b:1", "c:1"].map(str::to_owned);
    LoadBalancer::new(
        &LoadBalancing {
            within: None,
            key: Some(key),
            choice: Choice::Fixed(names.into()),
            protocol: OtlpGrpc::to(""),
            timeout: None,
            retry: None,
        },
        Http2::default(),
    )
    .unwrap()
}

/// What each of the members gets, which has as many items as it says.
fn parts(key: RoutingKey, whole: &Payload) -> Vec<Payload> {
    let balancer = balancer(key);
    let ring = Arc::clone(&balancer.members.lock().unwrap().ring);
    let parts: Vec<_> = balancer.parts(whole, &ring).into_values().collect();
    for part in &parts {
        let items = wire::count(whole.signal, &part.body.joined());
        assert_eq!(items, Ok(part.items));
    }
    parts
}

#[test]
fn what_has_no_key_goes_to_one_of_them_once() {
    let records: Vec<_> = (0..60)
        .map(|nth| format!(r#"{{"severityText":"{nth}."}}"#))
        .collect();
    let text = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#,
        records.join(",")
    );
    let whole = payload(Signal::Logs, &text);
    let parts = parts(RoutingKey::TraceId, &whole);
    assert_eq!(parts.len(), 3);
    let mut all = BTreeSet::new();
    for part in parts {
        let body = part.body.joined();
        for nth in 0..60 {
            let mark = format!("{nth}.");
            let there = body.windows(mark.len() + 1).any(|at| {
                at[0] == u8::try_from(mark.len()).unwrap() && at[1..] == *mark.as_bytes()
            });
            assert!(!there || all.insert(nth), "{nth} goes to two");
        }
    }
    assert_eq!(all.len(), 60, "all of them go somewhere");
}

#[test]
fn points_are_counted_where_they_go() {
    let metrics: Vec<_> = (0..20)
        .map(|nth| {
            format!(
                r#"{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{nth}"}}}}]}},"scopeMetrics":[{{"metrics":[{{"name":"m","gauge":{{"dataPoints":[{{"asInt":"1"}},{{"asInt":"2"}}]}}}}]}}]}}"#
            )
        })
        .collect();
    let text = format!(r#"{{"resourceMetrics":[{}]}}"#, metrics.join(","));
    let whole = payload(Signal::Metrics, &text);
    let parts = parts(RoutingKey::Service, &whole);
    assert!(parts.len() > 1);
    assert_eq!(parts.iter().map(|part| part.items).sum::<u64>(), 40);
}

#[test]
fn points_of_one_metric_go_to_several_and_each_to_one() {
    let points: Vec<_> = (0..30)
        .map(|nth| format!(r#"{{"asInt":"{nth}","attributes":[{{"key":"disk","value":{{"intValue":"{nth}"}}}}]}}"#))
        .collect();
    let text = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","sum":{{"isMonotonic":true,"dataPoints":[{}]}}}}]}}]}}]}}"#,
        points.join(",")
    );
    let whole = payload(Signal::Metrics, &text);
    for key in [
        RoutingKey::StreamId,
        RoutingKey::Attributes(vec!["disk".to_owned()]),
    ] {
        let parts = parts(key, &whole);
        assert_eq!(parts.len(), 3);
        let mut all = BTreeSet::new();
        for part in parts {
            let body = part.body.joined();
            let mut told = Vec::new();
            json::from_protobuf(Signal::Metrics, &body, &mut told).unwrap();
            let told = String::from_utf8(told).unwrap();
            assert!(told.contains(r#""isMonotonic":true"#), "{told}");
            for nth in 0..30 {
                let there = told.contains(&format!(r#""asInt":"{nth}""#));
                assert!(!there || all.insert(nth), "{nth} goes to two");
            }
        }
        assert_eq!(all.len(), 30);
    }
    let parts = parts(RoutingKey::Resource, &whole);
    assert_eq!(parts.len(), 1, "it is one resource");
}
