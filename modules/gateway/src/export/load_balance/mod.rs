//! How does each trace get to the one of several destinations that is responsible for it?

mod deliver;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use tokio::{
    net::lookup_host,
    sync::Notify,
    time::{Instant, timeout},
};

use self::tally::Tally;
use super::{Delivered, Failure, MakeError, Sender, otlp::Grpc, ring::Ring};
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

type Resolve = Box<dyn Fn() -> BoxFuture<'static, io::Result<Vec<String>>> + Send + Sync>;
type Make = Box<dyn Fn(&str) -> Result<Arc<dyn Sender>, MakeError> + Send + Sync>;

/// An exporter to several destinations, each of which gets what belongs together.
pub struct LoadBalancer {
    settings: LoadBalancing,
    /// Finds out who the members are; they stay who they are where there is none.
    resolve: Option<Resolve>,
    make: Make,
    members: Mutex<Members>,
    /// Tells who waits that others are members now.
    changed: Notify,
    /// Whoever asks for names; the others go on with what is known.
    asking: tokio::sync::Mutex<Option<Instant>>,
    tally: Tally,
}

/// Who can be chosen now.
#[derive(Clone, Default)]
struct Members {
    ring: Arc<Ring>,
    names: Vec<String>,
    senders: Vec<Arc<dyn Sender>>,
}

impl LoadBalancer {
    /// An exporter that asks for names when it first has something to send.
    pub fn new(settings: &LoadBalancing, http2: Http2) -> Result<Self, MakeError> {
        let resolve = match &settings.choice {
            Choice::Fixed(_) => None,
            Choice::Dns(names) => Some(resolve(names)),
        };
        let (protocol, within) = (settings.protocol.clone(), settings.timeout);
        let balancer = Self {
            settings: settings.clone(),
            resolve,
            make: Box::new(move |name| {
                let mut protocol = protocol.clone();
                protocol.endpoint = with_port(name);
                Ok(Grpc::new(&protocol, within, http2)?)
            }),
            members: Mutex::default(),
            changed: Notify::new(),
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
        let mut known: BTreeMap<String, Arc<dyn Sender>> = known.collect();
        let mut senders = Vec::with_capacity(names.len());
        for name in &names {
            let made = || (self.make)(name);
            senders.push(known.remove(name).map_or_else(made, Ok)?);
        }
        self.tally.changed.add(1);
        *members = Members {
            ring: Arc::new(Ring::new(&names)),
            names,
            senders,
        };
        self.changed.notify_waiters();
        Ok(())
    }

    /// The members, asked for anew where their names may have changed.
    async fn members(&self) -> Result<Members, Failure> {
        if let (Some(resolve), Choice::Dns(names)) = (&self.resolve, &self.settings.choice) {
            self.ask(resolve, names).await?;
        }
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(members.clone())
    }

    async fn ask(&self, resolve: &Resolve, names: &DnsNames) -> Result<(), Failure> {
        let mut asked = self.asking.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < names.interval) {
            return Ok(());
        }
        let found = timeout(names.timeout, resolve()).await;
        let found = found.map_err(|_| "no answer in time".to_owned());
        match found.and_then(|found| found.map_err(|error| error.to_string())) {
            Ok(found) => {
                self.tally.found.add(1);
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
}

/// Asks the system for the addresses of a name.
fn resolve(names: &DnsNames) -> Resolve {
    let whose = (names.host.clone(), names.port);
    Box::new(move || {
        let whose = whose.clone();
        Box::pin(async move {
            let found = lookup_host(whose).await?;
            Ok(found.map(|address| address.to_string()).collect())
        })
    })
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
        self.spread(payload, Instant::now())
    }

    fn metrics(&self, _exporter: &str) -> Vec<Family> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        self.tally.families(members.names.len() as u64)
    }
}
