//! Alertmanager: gathers alerts, and tells people of them once.
//!
//! Members of a mesh tell each other what they have sent, over TCP and UDP. Who raises alerts tells each member, since
//! a member that was not told does not wait for those that were.

mod build;
mod config;
mod receiver;
mod route;

pub use config::{
    AlertmanagerYml, Email, Global, InhibitRule, PagerDuty, ReceiverYml, RouteYml, Slack, Teams,
    Webhook,
};
pub use receiver::{Receiver, Smtp};
pub use route::{Inhibition, Matcher, Route};

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Port, Protocol, Ref};

use crate::{
    pod::Spread,
    protocol::{AlertmanagerApi, Http},
    units::{GIB, MIB},
};

/// What members of a mesh tell each other.
#[derive(Clone, Copy, Debug)]
pub enum Gossip {}

impl Protocol for Gossip {
    const SCHEME: &'static str = "tcp";
}

const WEB: Port<AlertmanagerApi> = Port::new("web", 9093);
const MESH: Port<Gossip> = Port::new("mesh", 9094);
const MESH_UDP: Port<Gossip> = Port::<Gossip>::new("mesh-udp", 9094).udp();

/// An Alertmanager: three members, if nothing else is said.
///
/// ```
/// use modules::alertmanager::{Alertmanager, Matcher, Receiver, Route};
/// use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
///
/// fn alerts(stack: &mut Scope<'_>) {
///     let keys = stack.existing::<Secret>("on-call");
///     let on_call = Receiver::new("on-call").pagerduty(&keys, "pagerduty");
///     let alertmanager = Alertmanager::new("alertmanager")
///         .send(Receiver::new("team").slack("#alerts", &keys, "slack"))
///         .route(Route::to(on_call).when(Matcher::is("severity", "critical")).and_go_on());
///     stack.add(alertmanager);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Alertmanager {
    name: String,
    wanted: u32,
    spread: Spread,
    storage: u64,
    memory: u64,
    url: Option<String>,
    smtp: Option<Smtp>,
    told: Told,
    routes: Vec<Route>,
    inhibitions: Vec<Inhibition>,
}

/// Who is told where no route says otherwise.
#[derive(Clone, Debug)]
enum Told {
    /// Nobody has thought of it.
    Unsaid,
    /// Nobody, on purpose.
    Nobody,
    /// Somebody.
    Somebody(Receiver),
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct AlertmanagerOutputs {
    /// Where alerts are told: each member.
    pub alerts: Endpoint<AlertmanagerApi>,
    /// Where questions about alerts and silences are asked: any member.
    pub query: Endpoint<AlertmanagerApi>,
    /// The user interface: any member.
    pub web: Endpoint<Http>,
    /// Its Pods.
    pub pods: Ref<StatefulSet>,
}

impl Alertmanager {
    /// Three members.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            wanted: 3,
            spread: Spread::default(),
            storage: 2 * GIB,
            memory: 256 * MIB,
            url: None,
            smtp: None,
            told: Told::Unsaid,
            routes: Vec::new(),
            inhibitions: vec![Inhibition::usual()],
        }
    }

    /// So many members. One has no mesh, and loses what it has not sent when its node does.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    /// How strictly members are kept apart.
    #[must_use]
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// So much disk for silences and for what was sent.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// So much memory.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Where people reach it: messages lead there.
    #[must_use]
    pub fn shown_at(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// The server that takes mail.
    #[must_use]
    pub fn smtp(mut self, smtp: Smtp) -> Self {
        self.smtp = Some(smtp);
        self
    }

    /// Tells this receiver of every alert that no route takes.
    #[must_use]
    pub fn send(mut self, receiver: Receiver) -> Self {
        self.told = Told::Somebody(receiver);
        self
    }

    /// Tells nobody of what no route takes, on purpose: such alerts are only looked at.
    #[must_use]
    pub fn tell_nobody(mut self) -> Self {
        self.told = Told::Nobody;
        self
    }

    /// Tells somebody else of some alerts. The first route that fits decides.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Leaves alerts out while others say enough.
    #[must_use]
    pub fn inhibit(mut self, inhibition: Inhibition) -> Self {
        self.inhibitions.push(inhibition);
        self
    }
}
