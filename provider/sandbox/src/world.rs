//! What does the server know at one moment: objects, and the kinds they are of?

use error_reporter::Report;
use serde_json::{Value, json};

use crate::random;
use crate::registry::{Collection, Registry};
use crate::status::Refusal;
use crate::store::{ObjectName, Store, StoreError};

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The objects and the kinds.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    /// The version of the CRDs that the registry was made from.
    definitions_seen: Option<u64>,
    /// The version of the CRDs after which there was nothing left to do for them.
    settled: u64,
}

impl World {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            registry: Registry::new(),
            definitions_seen: None,
            settled: 0,
        }
    }

    /// Runs something that may write, alone among all processes, and keeps what it wrote.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let guard = self.store.begin().map_err(storage)?;
        self.prepare();
        let result = work(self);
        self.settle();
        self.prepare();
        // What was written before a refusal stays written, as with any other server.
        self.store.commit().map_err(storage)?;
        drop(guard);
        result
    }

    /// Runs something that only reads, on the newest state.
    pub(crate) fn read<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.store.revision() == 0 {
            self.write(|_| Ok(()))?;
        }
        self.store.catch_up().map_err(storage)?;
        self.prepare();
        work(self)
    }

    /// Lets the API server do what a change of the CRDs asks of it.
    fn settle(&mut self) {
        // Each round is the answer to what the one before it wrote.
        for _ in 0..3 {
            let revision = self.store.revision_of(&definitions());
            if self.settled == revision {
                return;
            }
            crate::definitions::settle(self);
            self.settled = revision;
        }
    }

    fn prepare(&mut self) {
        if self.store.revision() == 0 {
            self.found();
        }
        let definitions = definitions();
        let revision = self.store.revision_of(&definitions);
        if self.definitions_seen != Some(revision) {
            let objects = self
                .store
                .list(&definitions, None)
                .map(|(_, object)| object.as_ref());
            self.registry.set_custom(objects);
            self.definitions_seen = Some(revision);
        }
    }

    /// Makes what a new cluster has.
    fn found(&mut self) {
        for name in NAMESPACES {
            let namespace = json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {
                    "name": name, "uid": random::uuid(), "creationTimestamp": now(),
                    "labels": { "kubernetes.io/metadata.name": name },
                },
                "spec": { "finalizers": ["kubernetes"] },
                "status": { "phase": "Active" },
            });
            self.store
                .put(&namespaces(), &ObjectName::new("", name), namespace);
        }
    }

    /// The namespace object, if there is one.
    pub(crate) fn namespace(&self, name: &str) -> Option<&Value> {
        self.store
            .get(&namespaces(), &ObjectName::new("", name))
            .map(AsRef::as_ref)
    }
}

/// The collection of Namespaces.
pub(crate) fn namespaces() -> Collection {
    Collection::new("", "namespaces")
}

/// The collection of CRDs.
pub(crate) fn definitions() -> Collection {
    Collection::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// The current time as objects spell it.
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
pub(crate) fn storage(error: StoreError) -> Refusal {
    let message = Report::new(&error).to_string();
    Refusal::new(500, "InternalError", message)
}
