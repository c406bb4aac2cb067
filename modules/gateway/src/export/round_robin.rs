//! How do requests get to all addresses of a name in turn?

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    net::lookup_host,
    time::{Instant, sleep},
};

use super::{Delivered, Failure, MakeError, Sender, otlp};
use crate::{
    Payload,
    settings::{Http2, OtlpGrpc},
};

/// How long a name is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// How long an address is passed over that did not take a request; so long, too, a name is not asked again for it.
const PASSED_OVER: Duration = Duration::from_secs(1);

/// How long it is waited before all are asked again.
const AGAIN: Duration = Duration::from_millis(100);

type Resolve = Box<dyn Fn() -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;
type Make = Box<dyn Fn(SocketAddr) -> Result<Arc<dyn Sender>, MakeError> + Send + Sync>;

/// An exporter to all addresses of a name: each request to the next of them. One that does not take a request is
/// passed over for a while, and the request goes to the next at once.
pub struct RoundRobin {
    resolve: Resolve,
    make: Make,
    members: Mutex<Vec<Arc<Member>>>,
    /// When the name was asked last; the others go on with what is known.
    asked: tokio::sync::Mutex<Option<Instant>>,
    next: AtomicUsize,
    /// How long a request waits for somebody to take it, instead of failing.
    patience: Duration,
}

struct Member {
    address: SocketAddr,
    sender: Arc<dyn Sender>,
    failed: Mutex<Option<Instant>>,
}

impl Member {
    fn failed(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_passed_over(&self) -> bool {
        self.failed()
            .is_some_and(|when| when.elapsed() < PASSED_OVER)
    }
}

impl RoundRobin {
    /// To the addresses of this `host:port`, as these settings say; none if it is an address itself, or no name that
    /// could have several.
    pub fn of(
        settings: &OtlpGrpc,
        timeout: Option<Duration>,
        http2: Http2,
    ) -> Result<Option<Self>, MakeError> {
        let Some(name) = otlp::name(&settings.endpoint)?.filter(|_| settings.round_robin) else {
            return Ok(None);
        };
        let mut each = settings.clone();
        // It is waited for anyone of them, and not for one.
        each.wait_for_ready = false;
        each.authority.get_or_insert_with(|| name.clone());
        if let Some(tls) = &mut each.tls {
            let host = name.rsplit_once(':').map_or(&*name, |(host, _)| host);
            tls.server_name.get_or_insert_with(|| host.to_owned());
        }
        Ok(Some(Self {
            resolve: Box::new(move || {
                let name = name.clone();
                Box::pin(async move {
                    let found = lookup_host(&name).await.map_err(|error| {
                        io::Error::new(error.kind(), format!("could not resolve {name}: {error}"))
                    })?;
                    Ok(found.collect())
                })
            }),
            make: Box::new(move |address| {
                let mut one = each.clone();
                one.endpoint = address.to_string();
                Ok(otlp::Grpc::new(&one, timeout, http2)?)
            }),
            members: Mutex::default(),
            asked: tokio::sync::Mutex::new(None),
            next: AtomicUsize::new(0),
            patience: if settings.wait_for_ready {
                timeout.unwrap_or(Duration::MAX)
            } else {
                Duration::ZERO
            },
        }))
    }

    fn known(&self) -> Vec<Arc<Member>> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.clone()
    }

    /// The members, asked for anew where they may be others by now.
    async fn current(&self) -> Result<Vec<Arc<Member>>, Failure> {
        let mut asked = self.asked.lock().await;
        let known = self.known();
        let believed = match *asked {
            None => Duration::ZERO,
            Some(_) if known.iter().any(|member| member.is_passed_over()) => PASSED_OVER,
            Some(_) => BELIEVED,
        };
        if asked.is_some_and(|asked| asked.elapsed() < believed) {
            return Ok(known);
        }
        let found = match (self.resolve)().await {
            Ok(found) if !found.is_empty() => found,
            // Who was there before may still be.
            Ok(_) | Err(_) if !known.is_empty() => return Ok(known),
            Ok(_) => return Err(Failure::passing("the name has no address")),
            Err(error) => return Err(Failure::passing(error.to_string())),
        };
        *asked = Some(Instant::now());
        self.choose_from(found, &known)
            .map_err(|error| Failure::passing(error.to_string()))
    }

    fn choose_from(
        &self,
        mut found: Vec<SocketAddr>,
        known: &[Arc<Member>],
    ) -> Result<Vec<Arc<Member>>, MakeError> {
        found.sort_unstable();
        found.dedup();
        let members = found.into_iter().map(|address| {
            if let Some(member) = known.iter().find(|member| member.address == address) {
                return Ok(Arc::clone(member));
            }
            Ok(Arc::new(Member {
                address,
                sender: (self.make)(address)?,
                failed: Mutex::default(),
            }))
        });
        let members = members.collect::<Result<Vec<_>, MakeError>>()?;
        let mut kept = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone_from(&members);
        Ok(members)
    }

    async fn turn(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let mut members = self.current().await?;
        let first = self.next.fetch_add(1, Relaxed) % members.len();
        members.rotate_left(first);
        // Those that failed a moment ago come last: they may be back.
        members.sort_by_key(|member| member.is_passed_over());
        let mut last = Failure::passing("there is nobody to send to");
        for member in members {
            match member.sender.send(payload).await {
                // Whoever wants to be left alone speaks for all.
                Err(failure @ Failure::Passing { after: None, .. }) => {
                    *member.failed() = Some(Instant::now());
                    last = failure;
                }
                result => {
                    *member.failed() = None;
                    return result;
                }
            }
        }
        Err(last)
    }
}

impl Sender for RoundRobin {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let began = Instant::now();
            loop {
                match self.turn(payload).await {
                    Err(Failure::Passing { after: None, .. })
                        if began.elapsed() + AGAIN < self.patience =>
                    {
                        sleep(AGAIN).await;
                    }
                    result => return result,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::atomic::AtomicBool};

    use collector_config::Signal;

    use super::*;
    use crate::process::samples::payload;

    /// What each address got, and which are down.
    #[derive(Clone, Default)]
    struct World {
        got: Arc<Mutex<BTreeMap<SocketAddr, u32>>>,
        down: Arc<Mutex<Vec<SocketAddr>>>,
        found: Arc<Mutex<Vec<SocketAddr>>>,
        silent: Arc<AtomicBool>,
    }

    struct One(World, SocketAddr);

    impl Sender for One {
        fn send<'a>(&'a self, _: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
            Box::pin(async {
                if self.0.down.lock().unwrap().contains(&self.1) {
                    return Err(Failure::passing("down"));
                }
                *self.0.got.lock().unwrap().entry(self.1).or_default() += 1;
                Ok(Delivered::default())
            })
        }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    fn balancer(world: &World) -> RoundRobin {
        let (names, makes) = (world.clone(), world.clone());
        RoundRobin {
            resolve: Box::new(move || {
                let found = names.found.lock().unwrap().clone();
                let silent = names.silent.load(Relaxed);
                Box::pin(async move {
                    if silent {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    Ok(found)
                })
            }),
            make: Box::new(move |address| Ok(Arc::new(One(makes.clone(), address)))),
            members: Mutex::default(),
            asked: tokio::sync::Mutex::new(None),
            next: AtomicUsize::new(0),
            patience: Duration::ZERO,
        }
    }

    #[tokio::test]
    async fn each_address_has_its_turn_and_one_that_is_down_is_passed_over() {
        let world = World::default();
        *world.found.lock().unwrap() = [1, 2, 3].map(address).into();
        let balancer = balancer(&world);
        let request = payload(Signal::Traces, "{}");
        for _ in 0..9 {
            balancer.send(&request).await.unwrap();
        }
        assert_eq!(
            *world.got.lock().unwrap(),
            [1, 2, 3].map(|at| (address(at), 3)).into()
        );
        world.down.lock().unwrap().push(address(2));
        for _ in 0..6 {
            balancer.send(&request).await.unwrap();
        }
        assert_eq!(world.got.lock().unwrap()[&address(2)], 3);
        assert_eq!(world.got.lock().unwrap().values().sum::<u32>(), 15);
        *world.down.lock().unwrap() = [1, 2, 3].map(address).into();
        assert!(balancer.send(&request).await.is_err());
    }

    #[tokio::test]
    async fn who_waits_for_somebody_to_be_ready_is_served_once_one_is() {
        let world = World::default();
        world.found.lock().unwrap().push(address(1));
        world.down.lock().unwrap().push(address(1));
        let mut balancer = balancer(&world);
        balancer.patience = Duration::from_secs(30);
        let request = payload(Signal::Traces, "{}");
        let (sent, ()) = tokio::join!(balancer.send(&request), async {
            sleep(AGAIN * 2).await;
            world.down.lock().unwrap().clear();
        });
        sent.unwrap();
    }

    #[tokio::test]
    async fn a_name_that_is_not_answered_leaves_who_was_there() {
        let world = World::default();
        let balancer = balancer(&world);
        let request = payload(Signal::Traces, "{}");
        assert!(balancer.send(&request).await.is_err(), "nobody yet");
        world.found.lock().unwrap().push(address(1));
        balancer.send(&request).await.unwrap();
        world.silent.store(true, Relaxed);
        *balancer.asked.lock().await = None;
        balancer.send(&request).await.unwrap();
        assert_eq!(world.got.lock().unwrap()[&address(1)], 2);
    }
}
