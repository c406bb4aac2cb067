//! The receiver that turns objects of a cluster into logs.

use serde::{Deserialize, Serialize};

use super::kubelet_stats::AuthType;
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Duration, Need, Reach, Rule, Signal, Stability, Verb};

settings! {
    /// Turns objects of a cluster into logs, now and then or as they change. Once in a cluster: every replica would
    /// report all of them.
    pub struct K8sObjects {
        /// How it says who it is: with the service account, where nothing is said.
        pub auth_type: Option<AuthType>,
        /// The context of the kubeconfig.
        pub context: String,
        /// How many requests a second it sends to the API server: 5 where nothing is said.
        pub kube_api_qps: Option<f32>,
        /// How many it may send at once: 10 where nothing is said.
        pub kube_api_burst: Option<u32>,
        /// The kinds of objects.
        pub objects: Vec<Objects>,
        /// What happens when a kind does not exist or may not be read: the collector does not start, where nothing
        /// is said.
        pub error_mode: Option<MissingKind>,
        /// How often kinds are pulled that do not say it themselves: every hour, where nothing is said.
        pub interval: Option<Duration>,
        /// Whether watching begins with what is there already.
        pub include_initial_state: bool,
        /// The storage extension that keeps how far it was.
        pub storage: Option<ComponentId>,
        /// The extension that says which of several replicas does it.
        pub k8s_leader_elector: Option<ComponentId>,
    }

    /// A kind of objects.
    pub struct Objects {
        /// The kind in the plural, as in URLs: `events`.
        pub name: String,
        /// The API group, where several have a kind of that name: `events.k8s.io`.
        pub group: String,
        /// Now and then or as they change.
        pub mode: Mode,
        /// How often they are pulled.
        pub interval: Option<Duration>,
        /// How long after the start they are pulled first.
        pub initial_delay: Option<Duration>,
        /// Only those with these labels: `environment in (production)`.
        pub label_selector: String,
        /// Only those with these fields: `status.phase=Running`.
        pub field_selector: String,
        /// Only those of these namespaces.
        pub namespaces: Vec<String>,
        /// Not those of these namespaces.
        pub exclude_namespaces: Vec<Pattern>,
        /// Kinds of changes that are left out.
        pub exclude_watch_type: Vec<Change>,
        /// From which version on changes are asked for.
        pub resource_version: String,
    }

    /// Text, or a pattern of text.
    #[derive(Eq)]
    pub struct Pattern {
        /// The text itself.
        pub strict: String,
        /// A regular expression.
        pub regexp: String,
    }
}

/// Now and then or as they change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All of them, now and then.
    #[default]
    Pull,
    /// As they change.
    Watch,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Change {
    /// There is a new one.
    Added,
    /// One has changed.
    Modified,
    /// One is gone.
    Deleted,
    /// Nothing but a newer version.
    Bookmark,
    /// Watching went wrong.
    Error,
}

/// What happens when a kind does not exist or may not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingKind {
    /// The collector does not start.
    Propagate,
    /// It says so and goes on.
    Ignore,
    /// It goes on.
    Silent,
}

impl Objects {
    fn needs(&self) -> impl Iterator<Item = Need> {
        let verbs: &[Verb] = match self.mode {
            Mode::Pull => &[Verb::Get, Verb::List],
            Mode::Watch => &[Verb::List, Verb::Watch],
        };
        let reaches: Vec<Reach> = if self.namespaces.is_empty() {
            vec![Reach::Cluster]
        } else {
            let near = self.namespaces.iter().cloned();
            near.map(Reach::Namespace).collect()
        };
        reaches.into_iter().map(|reach| {
            let verbs = verbs.iter().copied();
            Need::Rule(Rule::new(reach, &self.group, &self.name, verbs))
        })
    }

    fn mistakes(&self, whole: &K8sObjects) -> impl Iterator<Item = String> {
        let pulled = self.mode == Mode::Pull;
        let hour = Duration::hours(1);
        let interval = self.interval.or(whole.interval).unwrap_or(hour);
        let late = self.initial_delay.is_some_and(|delay| delay >= interval);
        let kept = whole.storage.is_some() && !self.resource_version.is_empty();
        let both = !self.namespaces.is_empty() && !self.exclude_namespaces.is_empty();
        let rules = [
            (self.name.is_empty(), "`name` is missing"),
            (
                pulled && !self.exclude_watch_type.is_empty(),
                "`exclude_watch_type` belongs to `mode: watch`",
            ),
            (
                !pulled && self.initial_delay.is_some(),
                "`initial_delay` belongs to `mode: pull`",
            ),
            (
                pulled && late,
                "`initial_delay` must be shorter than `interval`",
            ),
            (kept, "`resource_version` cannot be had with `storage`"),
            (
                pulled && whole.include_initial_state,
                "`include_initial_state` belongs to `mode: watch`",
            ),
            (
                both,
                "either `namespaces` or `exclude_namespaces`, not both",
            ),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, rule)| format!("objects.{}: {rule}", self.name))
    }
}

impl Component for K8sObjects {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "k8s_objects")
        .renamed_from("k8sobjects", 151)
        .signals(&[Signal::Logs])
        .ripe(Stability::Beta);

    fn extensions(&self) -> Vec<ComponentId> {
        let named = [&self.storage, &self.k8s_leader_elector];
        named.into_iter().flatten().cloned().collect()
    }

    fn needs(&self) -> Vec<Need> {
        self.objects.iter().flat_map(Objects::needs).collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let found = self.objects.iter().flat_map(|kind| kind.mistakes(self));
        found.collect()
    }
}
