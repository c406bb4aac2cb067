//! What does the cluster hold, and what happened to it?

mod history;
mod journal;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use history::History;
pub(crate) use history::{Change, Expired};
pub use journal::StoreError;
use journal::{Journal, Record};

use crate::registry::Collection;

/// Namespace (empty for cluster-wide objects) and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl ObjectName {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// The objects of one collection.
pub(crate) type Objects = BTreeMap<ObjectName, Arc<Value>>;

/// All objects, one counter of versions for all of them as etcd has it, and the recent changes.
#[derive(Debug)]
pub(crate) struct Store {
    objects: BTreeMap<Collection, Objects>,
    /// The version of the latest write to each collection.
    latest: BTreeMap<Collection, u64>,
    revision: u64,
    history: History,
    journal: Option<Journal>,
    changed: watch::Sender<u64>,
}

/// Empties the world that a directory holds.
pub(crate) fn erase(directory: &Path) -> Result<(), StoreError> {
    Journal::open(directory)?.erase()
}

impl Store {
    /// An empty store that forgets everything when it is dropped.
    pub(crate) fn in_memory() -> Self {
        Self {
            objects: BTreeMap::new(),
            latest: BTreeMap::new(),
            revision: 0,
            history: History::default(),
            journal: None,
            changed: watch::Sender::new(0),
        }
    }

    /// The store that is kept in `directory`, which is made if need be.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        let mut store = Self::in_memory();
        store.journal = Some(Journal::open(directory)?);
        store.catch_up()?;
        store.compact_journal()?;
        Ok(store)
    }

    /// The version of the latest write.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The version of the latest write to a collection.
    pub(crate) fn revision_of(&self, collection: &Collection) -> u64 {
        self.latest.get(collection).copied().unwrap_or_default()
    }

    /// Whether other processes may write to the same objects.
    pub(crate) fn is_shared(&self) -> bool {
        self.journal.is_some()
    }

    /// Tells whoever waits that the revision has grown.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn get(&self, collection: &Collection, name: &ObjectName) -> Option<&Arc<Value>> {
        self.objects.get(collection)?.get(name)
    }

    /// Objects of a collection in order of namespace and name.
    pub(crate) fn list<'a>(
        &'a self,
        collection: &Collection,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a ObjectName, &'a Arc<Value>)> + use<'a> {
        self.objects
            .get(collection)
            .into_iter()
            .flatten()
            .filter(move |(name, _)| namespace.is_none_or(|namespace| name.namespace == namespace))
    }

    /// The objects of a collection as they were at an earlier version.
    pub(crate) fn at(&self, collection: &Collection, revision: u64) -> Result<Objects, Expired> {
        let mut objects = self.objects.get(collection).cloned().unwrap_or_default();
        for change in self.history.since(revision)?.rev() {
            if change.collection == *collection {
                match &change.before {
                    Some(before) => objects.insert(change.name.clone(), before.clone()),
                    None => objects.remove(&change.name),
                };
            }
        }
        Ok(objects)
    }

    /// The changes after `revision`, oldest first.
    pub(crate) fn since(
        &self,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change>, Expired> {
        self.history.since(revision)
    }

    /// Forgets all changes up to and including the current version.
    pub(crate) fn compact(&mut self) {
        self.history.forget(self.revision);
    }

    /// Stores an object under the next version and gives it back with that version in it.
    pub(crate) fn put(
        &mut self,
        collection: &Collection,
        name: &ObjectName,
        mut object: Value,
    ) -> Arc<Value> {
        let revision = self.revision + 1;
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(object);
        self.record(revision, collection, name, Some(object.clone()));
        object
    }

    /// Removes an object and gives back its last state, under the version of its removal.
    pub(crate) fn remove(&mut self, collection: &Collection, name: &ObjectName) -> Option<Value> {
        let mut last = Value::clone(self.get(collection, name)?);
        let revision = self.revision + 1;
        self.record(revision, collection, name, None);
        last["metadata"]["resourceVersion"] = json!(revision.to_string());
        Some(last)
    }

    fn record(
        &mut self,
        revision: u64,
        collection: &Collection,
        name: &ObjectName,
        object: Option<Arc<Value>>,
    ) {
        if let Some(journal) = &mut self.journal {
            journal.stage(&Record::new(revision, collection, name, object.as_deref()));
        }
        self.enter(revision, collection.clone(), name.clone(), object);
        self.changed.send_replace(self.revision);
    }

    fn enter(
        &mut self,
        revision: u64,
        collection: Collection,
        name: ObjectName,
        after: Option<Arc<Value>>,
    ) {
        let objects = self.objects.entry(collection.clone()).or_default();
        let before = match &after {
            Some(object) => objects.insert(name.clone(), object.clone()),
            None => objects.remove(&name),
        };
        self.revision = revision;
        self.latest.insert(collection.clone(), revision);
        self.history.push(Change {
            revision,
            collection,
            name,
            before,
            after,
        });
    }

    /// Takes over what other processes wrote to the same file.
    pub(crate) fn catch_up(&mut self) -> Result<(), StoreError> {
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        let news = journal.news()?;
        if news.is_another_file {
            self.objects.clear();
            // Whatever was derived from a collection is stale now.
            self.latest.values_mut().for_each(|revision| *revision = 0);
            self.revision = news.base;
            self.history.restart(news.base);
        }
        if news.is_another_file || !news.records.is_empty() {
            for record in news.records {
                let (revision, collection, name, object) = record.into_parts();
                self.enter(revision, collection, name, object.map(Arc::new));
            }
            self.changed.send_replace(self.revision);
        }
        Ok(())
    }

    /// Keeps other processes from writing until the guard is dropped, and takes over what they wrote.
    pub(crate) fn begin(&mut self) -> Result<Option<journal::Guard>, StoreError> {
        let Some(journal) = &self.journal else {
            return Ok(None);
        };
        let guard = journal.lock()?;
        self.catch_up()?;
        if let Some(journal) = &self.journal {
            journal.cut_torn_line()?;
        }
        Ok(Some(guard))
    }

    /// Writes out what was put and removed since [`Self::begin`].
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        self.journal.as_mut().map_or(Ok(()), Journal::commit)
    }

    fn compact_journal(&mut self) -> Result<(), StoreError> {
        let live: usize = self.objects.values().map(BTreeMap::len).sum();
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if !journal.is_wasteful(live) {
            return Ok(());
        }
        let _guard = journal.lock()?;
        self.catch_up()?;
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        let objects = self.objects.iter().flat_map(|(collection, objects)| {
            objects
                .iter()
                .map(move |(name, object)| (collection, name, object.as_ref()))
        });
        journal.rewrite(self.revision, objects)
    }
}

#[cfg(test)]
mod tests;
