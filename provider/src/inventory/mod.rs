//! What does a stack own, kept in the cluster beside it?
//!
//! One Secret per stack in its namespace holds the exact ids and, per object, what was last applied
//! ([`Memory`]): compressed, split into numbered parts when it is large, and written only as a successor of what
//! was read. It is the parent of the stack's `ApplySet` (KEP-3659), so that other tools see what belongs together.
//!
//! Parts carry the epoch of the run that wrote them, and the Secret that names them is written last: a run that
//! dies between two parts leaves the old inventory whole.

use std::collections::BTreeSet;

use provider_core::{Kind, ResourceId, applyset, k8s_openapi::api::core::v1::Secret, plan::Memory};
use serde_json::{Value, json};

use crate::{
    cluster::{CallError, Cluster, Failure, Patience, Preconditions, Propagation},
    error::InventoryError,
};

mod codec;
#[cfg(test)]
mod tests;

use codec::Head;
pub(crate) use codec::TYPE;

/// What a stack owns, as the cluster holds it.
#[derive(Clone)]
pub struct Inventory {
    /// What was applied, and not yet deleted; and the volumes that were left behind.
    pub memory: Memory,
    /// The key of the memory's digests.
    pub key: Vec<u8>,
    /// How often it was written: a run that slept through another's is told apart by it.
    pub epoch: u64,
    version: Option<String>,
    parts: usize,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the key: with it, digests of short secrets could be guessed.
        f.debug_struct("Inventory")
            .field("epoch", &self.epoch)
            .field("objects", &self.memory.objects.len())
            .finish_non_exhaustive()
    }
}

/// Whose inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) stack: String,
    pub(crate) namespace: String,
}

impl Place {
    fn secrets() -> Kind {
        Kind::of::<Secret>()
    }

    fn head(&self) -> ResourceId {
        ResourceId::new(
            &Self::secrets(),
            &self.namespace,
            applyset::parent_name(&self.stack),
        )
    }

    fn part(&self, epoch: u64, number: usize) -> ResourceId {
        let name = format!("{}-{epoch}-{number}", applyset::parent_name(&self.stack));
        ResourceId::new(&Self::secrets(), &self.namespace, name)
    }

    /// Namespace and name, for messages.
    fn shown(&self) -> String {
        format!("{}/{}", self.namespace, applyset::parent_name(&self.stack))
    }

    fn manager(&self) -> String {
        provider_core::graph::field_manager(&self.stack)
    }

    fn damaged(&self, reason: impl Into<String>) -> InventoryError {
        InventoryError::Damaged {
            secret: self.shown(),
            reason: reason.into(),
        }
    }
}

impl Inventory {
    /// That of a stack that owns nothing yet.
    pub(crate) fn new(key: Vec<u8>) -> Self {
        Self {
            memory: Memory::default(),
            key,
            epoch: 0,
            version: None,
            parts: 0,
        }
    }

    /// A key that nobody knows.
    pub(crate) fn fresh_key() -> Vec<u8> {
        crate::apply::random_bytes(32)
    }
}

impl Cluster {
    /// What a stack owns here; none where it never ran.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is damaged, or was written by a newer program.
    pub async fn inventory(
        &self,
        stack: &str,
        namespace: &str,
    ) -> Result<Option<Inventory>, InventoryError> {
        let place = Place {
            stack: stack.into(),
            namespace: namespace.into(),
        };
        self.read_inventory(&place, Patience::READING).await
    }

    pub(crate) async fn read_inventory(
        &self,
        place: &Place,
        patience: Patience,
    ) -> Result<Option<Inventory>, InventoryError> {
        let Some(secret) = self
            .get(&Place::secrets(), &place.head(), patience)
            .await
            .map_err(InventoryError::Call)?
        else {
            return Ok(None);
        };
        let head = Head::read(&secret, place)?;
        let mut packed = head.memory.clone();
        for number in 1..=head.parts {
            let id = place.part(head.epoch, number);
            let part = self
                .get(&Place::secrets(), &id, patience)
                .await
                .map_err(InventoryError::Call)?;
            let part =
                part.ok_or_else(|| place.damaged(format!("its part `{}` is missing", id.name)))?;
            packed.extend(
                codec::field(&part, codec::MEMORY)
                    .ok_or_else(|| place.damaged(format!("its part `{}` is empty", id.name)))?,
            );
        }
        let memory =
            codec::unpack(&packed, &head.digest).map_err(|reason| place.damaged(reason))?;
        let version = Preconditions::of(&secret).resource_version;
        Ok(Some(Inventory {
            memory,
            key: head.key,
            epoch: head.epoch,
            version,
            parts: head.parts,
        }))
    }

    /// Writes an inventory as the successor of what was read. Its version and epoch are moved on.
    pub(crate) async fn write_inventory(
        &self,
        place: &Place,
        inventory: &mut Inventory,
        patience: Patience,
    ) -> Result<(), InventoryError> {
        let (packed, digest) = codec::pack(&inventory.memory);
        let chunks = codec::split(&packed);
        let (epoch, old) = (inventory.epoch + 1, (inventory.epoch, inventory.parts));
        let parts = if chunks.len() > 1 { chunks.len() } else { 0 };
        for (index, chunk) in chunks.iter().enumerate().take(parts) {
            let body = codec::part(&place.part(epoch, index + 1), chunk);
            self.put_part(place, &place.part(epoch, index + 1), &body, patience)
                .await?;
        }
        let head = Head {
            epoch,
            parts,
            digest,
            key: inventory.key.clone(),
            memory: if parts == 0 { packed } else { Vec::new() },
        };
        let mut body = head.write(place, &inventory.memory);
        let id = place.head();
        let answer = if let Some(version) = &inventory.version {
            body["metadata"]["resourceVersion"] = json!(version);
            self.replace(&Place::secrets(), &id, &place.manager(), &body, patience)
                .await
        } else {
            self.create(&Place::secrets(), &id, &place.manager(), &body, patience)
                .await
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => self.settle(place, &head, error).await?,
        };
        inventory.version = Preconditions::of(&answer.body).resource_version;
        inventory.epoch = epoch;
        inventory.parts = parts;
        self.sweep_parts(place, old).await;
        Ok(())
    }

    /// A write whose answer was lost may have arrived: then what is there is what was to be written.
    async fn settle(
        &self,
        place: &Place,
        head: &Head,
        error: CallError,
    ) -> Result<crate::cluster::Answer, InventoryError> {
        match error.failure {
            Failure::Changed | Failure::AlreadyExists | Failure::Absent => {
                let there = self
                    .get(&Place::secrets(), &place.head(), Patience::READING)
                    .await
                    .map_err(InventoryError::Call)?;
                match there {
                    Some(secret)
                        if Head::read(&secret, place).is_ok_and(|other| other == *head) =>
                    {
                        Ok(crate::cluster::Answer {
                            status: 200,
                            body: secret,
                            warnings: Vec::new(),
                        })
                    }
                    _ => Err(InventoryError::Raced {
                        secret: place.shown(),
                    }),
                }
            }
            failure => Err(InventoryError::Call(CallError {
                attempt: error.attempt,
                failure,
            })),
        }
    }

    /// A part of an epoch that a run before us began and never finished may be there: it is nobody's.
    async fn put_part(
        &self,
        place: &Place,
        id: &ResourceId,
        body: &Value,
        patience: Patience,
    ) -> Result<(), InventoryError> {
        let kind = Place::secrets();
        match self
            .create(&kind, id, &place.manager(), body, patience)
            .await
        {
            Err(CallError {
                failure: Failure::AlreadyExists,
                ..
            }) => {
                self.replace(&kind, id, &place.manager(), body, patience)
                    .await
            }
            answer => answer,
        }
        .map(drop)
        .map_err(InventoryError::Call)
    }

    /// Removes the parts that no inventory names any more. What cannot be removed now costs space and nothing else.
    async fn sweep_parts(&self, place: &Place, (epoch, parts): (u64, usize)) {
        for number in 1..=parts {
            let id = place.part(epoch, number);
            let gone = self
                .delete(
                    &Place::secrets(),
                    &id,
                    &Preconditions::default(),
                    Propagation::Background,
                    Patience::NONE,
                )
                .await;
            if let Err(error) = gone {
                tracing::debug!(%error, "an old part of the inventory stays");
            }
        }
    }

    /// Forgets a stack that owns nothing any more.
    pub(crate) async fn delete_inventory(
        &self,
        place: &Place,
        inventory: &Inventory,
        patience: Patience,
    ) -> Result<(), InventoryError> {
        let at = Preconditions {
            uid: None,
            resource_version: inventory.version.clone(),
        };
        let gone = self
            .delete(
                &Place::secrets(),
                &place.head(),
                &at,
                Propagation::Background,
                patience,
            )
            .await;
        match gone {
            Ok(_)
            | Err(CallError {
                failure: Failure::Absent | Failure::NoNamespace(_),
                ..
            }) => {
                self.sweep_parts(place, (inventory.epoch, inventory.parts))
                    .await;
                Ok(())
            }
            Err(CallError {
                failure: Failure::Changed,
                ..
            }) => Err(InventoryError::Raced {
                secret: place.shown(),
            }),
            Err(error) => Err(InventoryError::Call(error)),
        }
    }
}

/// What other tools read off the parent of an `ApplySet`: which kinds, and which namespaces beside its own.
pub(crate) fn hints(memory: &Memory, namespace: &str) -> (String, String) {
    let kinds: BTreeSet<String> = memory
        .objects
        .values()
        .map(|remembered| {
            let Kind { group, kind, .. } = &remembered.kind;
            if group.is_empty() {
                kind.clone()
            } else {
                format!("{kind}.{group}")
            }
        })
        .collect();
    let namespaces: BTreeSet<&str> = memory
        .objects
        .keys()
        .filter_map(|id| id.namespace.as_deref())
        .filter(|other| *other != namespace)
        .collect();
    (
        kinds.into_iter().collect::<Vec<_>>().join(","),
        namespaces.into_iter().collect::<Vec<_>>().join(","),
    )
}
