//! How does each trace get to the one of several destinations that is responsible for it?

mod deliver;
mod keys;
mod parts;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    net::lookup_host,
    sync::Notify,
    time::{Instant, timeout},
};

use self::tally::Tally;
use super::{Delivered, Failure, MakeError, RoundRobin, Sender, otlp::Grpc, ring::Ring};
use crate::{
    Payload, Signal,
    settings::{Choice, DnsNames, Http2, LoadBalancing, RoutingKey},
    telemetry::Family,
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
                Ok(match RoundRobin::of(&protocol, within, http2)? {
                    Some(several) => Arc::new(several),
                    None => Grpc::new(&protocol, within, http2)?,
                })
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
        let usual = match payload.signal {
            Signal::Traces => RoutingKey::TraceId,
            Signal::Metrics | Signal::Logs => RoutingKey::Service,
        };
        parts::parts(payload, self.settings.key.as_ref().unwrap_or(&usual), ring)
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

impl Sender for LoadBalancer {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("not all of it arrived in time");
            let spread = self.spread(payload, Instant::now());
            let within = self.settings.within.unwrap_or(Duration::MAX);
            timeout(within, spread).await.map_err(late)?
        })
    }

    fn metrics(&self, _exporter: &str) -> Vec<Family> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        self.tally.families(members.names.len() as u64)
    }
}
