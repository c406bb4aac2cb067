//! How does each trace get to the one of several destinations that is responsible for it?

mod tally;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::{BoxFuture, join_all};
use tokio::{
    net::lookup_host,
    time::{Instant, sleep, timeout},
};

use self::tally::Tally;
use super::{Delivered, Failure, MakeError, Sender, otlp::Grpc, retry::Backoff, ring::Ring};
use crate::{
    Payload, Signal,
    settings::{Choice, DnsNames, Http2, LoadBalancing, RoutingKey},
    telemetry::Family,
    text,
    wire::{
        self, Attribute, Resource, Scope, Value, attributes,
        edit::{self, Edit},
    },
};

/// The port where none is said.
const PORT: u16 = 4317;

/// An exporter to several destinations, each of which gets what belongs together.
pub struct LoadBalancer {
    settings: LoadBalancing,
    http2: Http2,
    members: Mutex<Members>,
    /// Whoever asks for names; the others go on with what is known.
    asking: tokio::sync::Mutex<Option<Instant>>,
    tally: Tally,
}

/// Who can be chosen now.
#[derive(Clone, Default)]
struct Members {
    ring: Arc<Ring>,
    names: Vec<String>,
    senders: Vec<Arc<Grpc>>,
}

impl LoadBalancer {
    /// An exporter that asks for names when it first has something to send.
    pub fn new(settings: &LoadBalancing, http2: Http2) -> Result<Self, MakeError> {
        let balancer = Self {
            settings: settings.clone(),
            http2,
            members: Mutex::default(),
            asking: tokio::sync::Mutex::new(None),
            tally: Tally::new(&settings.choice),
        };
        if let Choice::Fixed(names) = &settings.choice {
            balancer.tally.found.add(1);
            balancer.choose_from(names.clone())?;
        }
        Ok(balancer)
    }

    /// Makes these the members. Connections to those that were members before stay.
    fn choose_from(&self, mut names: Vec<String>) -> Result<(), MakeError> {
        names.sort();
        names.dedup();
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if members.names == names {
            return Ok(());
        }
        let known = members
            .names
            .iter()
            .cloned()
            .zip(members.senders.iter().cloned());
        let mut known: BTreeMap<String, Arc<Grpc>> = known.collect();
        let mut senders = Vec::with_capacity(names.len());
        for name in &names {
            let made = || {
                let mut protocol = self.settings.protocol.clone();
                protocol.endpoint = with_port(name);
                Grpc::new(&protocol, self.settings.timeout, self.http2)
            };
            senders.push(known.remove(name).map_or_else(made, Ok)?);
        }
        self.tally.changed.add(1);
        *members = Members {
            ring: Arc::new(Ring::new(&names)),
            names,
            senders,
        };
        Ok(())
    }

    /// The members, asked for anew where their names may have changed.
    async fn members(&self) -> Result<Members, Failure> {
        if let Choice::Dns(names) = &self.settings.choice {
            self.ask(names).await?;
        }
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(members.clone())
    }

    async fn ask(&self, names: &DnsNames) -> Result<(), Failure> {
        let mut asked = self.asking.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < names.interval) {
            return Ok(());
        }
        let found = timeout(
            names.timeout,
            lookup_host((names.host.as_str(), names.port)),
        )
        .await;
        let found = found.map_err(|_| "no answer in time".to_owned());
        match found.and_then(|found| found.map_err(|error| error.to_string())) {
            Ok(found) => {
                self.tally.found.add(1);
                let found: Vec<_> = found.map(|address| address.to_string()).collect();
                self.choose_from(found)
                    .map_err(|error| Failure::passing(error.to_string()))?;
                *asked = Some(Instant::now());
                Ok(())
            }
            // Who was there before may still be.
            Err(_) if asked.is_some() => {
                self.tally.not_found.add(1);
                Ok(())
            }
            Err(why) => Err(Failure::passing(format!(
                "could not resolve {}: {why}",
                names.host
            ))),
        }
    }

    /// What each member gets of a payload.
    fn parts(&self, payload: &Payload, ring: &Ring) -> BTreeMap<usize, Payload> {
        let body = payload.body.joined();
        // Decided once: what has no key goes to anybody, and must not go to another when it is looked at again.
        let mut owners = Vec::new();
        let mut wanted = BTreeMap::<usize, u64>::new();
        let routing = self.settings.key.unwrap_or(match payload.signal {
            Signal::Traces => RoutingKey::TraceId,
            Signal::Metrics | Signal::Logs => RoutingKey::Service,
        });
        edit::items(&body, |resource, scope, item| {
            let whose = (resource, scope);
            let key = key(payload.signal, routing, whose, item.message());
            let owner = ring.find(&key).unwrap_or_default();
            owners.push(owner);
            *wanted.entry(owner).or_default() += wire::items_of(payload.signal, item.message());
            Edit::Keep
        });
        if let (1, Some((member, _))) = (wanted.len(), wanted.first_key_value()) {
            return BTreeMap::from([(*member, payload.clone())]);
        }
        let part = |(member, items): (usize, u64)| {
            let mut owners = owners.iter();
            let body = edit::items(&body, |_, _, _| match owners.next() {
                Some(owner) if *owner == member => Edit::Keep,
                _ => Edit::Drop,
            })?;
            let part = Payload {
                body,
                items,
                ..payload.clone()
            };
            Some((member, part))
        };
        wanted.into_iter().filter_map(part).collect()
    }

    /// Sends a part as often as it takes.
    async fn deliver(
        &self,
        name: &str,
        sender: &Grpc,
        part: &Payload,
    ) -> Result<Delivered, Failure> {
        let mut backoff = self.settings.retry.map(Backoff::new);
        let began = Instant::now();
        loop {
            let attempt = Instant::now();
            let result = sender.send(part).await;
            self.tally.answered(name, attempt.elapsed(), result.is_ok());
            let failure = match result {
                Err(Failure::Passing { why, after }) => (why, after),
                other => return other,
            };
            let (why, after) = failure;
            let random = fastrand::f64();
            let pause = backoff
                .as_mut()
                .and_then(|backoff| backoff.pause(began.elapsed(), after, random));
            match pause {
                Some(pause) => sleep(pause).await,
                None => return Err(Failure::Passing { why, after }),
            }
        }
    }

    async fn spread(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let members = self.members().await?;
        if members.senders.is_empty() {
            return Err(Failure::passing("there is nobody to send to"));
        }
        let parts = self.parts(payload, &members.ring);
        let deliveries = parts.iter().map(|(member, part)| {
            let (name, sender) = (&members.names[*member], &members.senders[*member]);
            self.deliver(name, sender, part)
        });
        let results = join_all(deliveries).await;
        let arrived = results.iter().any(Result::is_ok);
        let mut all = Delivered::default();
        for (result, part) in results.into_iter().zip(parts.values()) {
            match result {
                Ok(delivered) => all.rejected += delivered.rejected,
                // What has arrived elsewhere must not be sent again.
                Err(failure) if arrived => {
                    all.rejected += part.items;
                    all.message = failure.to_string();
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(all)
    }
}

fn with_port(name: &str) -> String {
    if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:{PORT}")
    }
}

/// What an item is found by, as the collector makes it: each signal in its own way.
fn key(
    signal: Signal,
    routing: RoutingKey,
    (resource, scope): (&Resource<'_>, &Scope<'_>),
    item: &[u8],
) -> Vec<u8> {
    let id = |number| {
        let id = wire::bytes_of(item, number);
        id.iter().any(|byte| *byte != 0).then(|| id.to_vec())
    };
    match (routing, signal) {
        (RoutingKey::TraceId, Signal::Logs) => {
            // A record without one goes anywhere.
            let id = id(9).unwrap_or_else(|| fastrand::u128(..).to_be_bytes().to_vec());
            text::hex(&id).into_bytes()
        }
        (RoutingKey::TraceId, _) => id(1).unwrap_or_else(|| vec![0; 16]),
        (RoutingKey::Metric, _) => wire::bytes_of(item, 1).to_vec(),
        (RoutingKey::Service, Signal::Traces) => {
            let service = service(resource.resource_attributes())
                .or_else(|| service(scope.scope_attributes()))
                .or_else(|| service(attributes(item, 9)));
            format!("{SERVICE}={}|", service.unwrap_or_default()).into_bytes()
        }
        (RoutingKey::Service, _) => {
            let mut attributes = resource.resource_attributes();
            let found = attributes.find(|attribute| attribute.key == SERVICE);
            match found.map(|attribute| attribute.value) {
                Some(Value::Text(name)) => name.as_bytes().to_vec(),
                _ => Vec::new(),
            }
        }
    }
}

const SERVICE: &str = "service.name";

fn service<'a>(mut attributes: impl Iterator<Item = Attribute<'a>>) -> Option<String> {
    let found = attributes.find(|attribute| attribute.key == SERVICE)?;
    Some(text::text(&found.value))
}

impl Sender for LoadBalancer {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(self.spread(payload))
    }

    fn metrics(&self, _exporter: &str) -> Vec<Family> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        self.tally.families(members.names.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        process::samples::payload,
        settings::{Http2, OtlpGrpc},
    };

    fn balancer(key: RoutingKey) -> LoadBalancer {
        let names = ["a:1", "b:1", "c:1"].map(str::to_owned);
        LoadBalancer::new(
            &LoadBalancing {
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
        let balancer = balancer(RoutingKey::TraceId);
        let ring = Arc::clone(&balancer.members.lock().unwrap().ring);
        let parts = balancer.parts(&whole, &ring);
        assert_eq!(parts.len(), 3);
        let mut all = BTreeSet::new();
        for part in parts.values() {
            let body = part.body.joined();
            assert_eq!(wire::count(Signal::Logs, &body), Ok(part.items));
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
        let balancer = balancer(RoutingKey::Service);
        let ring = Arc::clone(&balancer.members.lock().unwrap().ring);
        let parts = balancer.parts(&whole, &ring);
        assert!(parts.len() > 1);
        for part in parts.values() {
            assert_eq!(
                wire::count(Signal::Metrics, &part.body.joined()),
                Ok(part.items)
            );
        }
        assert_eq!(parts.values().map(|part| part.items).sum::<u64>(), 40);
    }
}
