//! How does the inventory stay true, whatever happens to the run?
//!
//! Before anything is touched it holds what was owned and what is about to be; what a dead run leaves behind is
//! therefore always in it. It shrinks once what had to go is gone.

use super::{
    failed,
    run::{Done, Run},
};
use crate::{
    cluster::Patience,
    error::InventoryError,
    inventory::Inventory,
    report::{Class, Failed},
};

/// The inventory of a run under way.
pub(super) struct Books {
    inventory: Inventory,
}

impl Run<'_> {
    /// Checks that the stack is still as it was planned from, and writes down what is about to happen.
    pub(super) async fn open_books(&mut self, done: &Done) -> Result<Books, Failed> {
        let place = self.place();
        let read = self
            .cluster
            .read_inventory(&place, self.limits.patience)
            .await
            .map_err(|error| inventory(&error))?;
        if read.as_ref().map(|inventory| &inventory.memory) != self.plan.memory.as_ref() {
            return Err(Failed::new(
                Class::Stale,
                "another run has applied this stack since it was planned",
            )
            .advise("plan again"));
        }
        let mut inventory_now =
            read.unwrap_or_else(|| Inventory::new(self.plan.digest_key().to_vec()));
        let mut superset = self.plan.before();
        // What was made before the lock could be taken: the namespace that the lock lives in.
        for (id, uid) in &done.applied {
            if let Some(remembered) = superset.objects.get_mut(id) {
                remembered.uid = Some(uid.clone());
            }
        }
        if superset != inventory_now.memory || inventory_now.epoch == 0 {
            inventory_now.memory = superset;
            let written = self
                .cluster
                .write_inventory(&place, &mut inventory_now, self.limits.patience)
                .await;
            written.map_err(|error| inventory(&error))?;
        }
        Ok(Books {
            inventory: inventory_now,
        })
    }

    /// Writes down what has happened.
    pub(super) async fn close_books(&mut self, books: &mut Books, done: &Done) {
        let place = self.place();
        let after = self.plan.after(&done.applied, &done.deleted);
        if after == books.inventory.memory {
            return;
        }
        books.inventory.memory = after;
        let written = if books.inventory.memory.is_empty() {
            self.cluster
                .delete_inventory(&place, &books.inventory, self.limits.patience)
                .await
        } else {
            self.cluster
                .write_inventory(&place, &mut books.inventory, self.limits.patience)
                .await
        };
        if let Err(error) = written {
            let mut failed = inventory(&error);
            failed.advice = Some("what was done is done; the next run finds it and goes on".into());
            self.stopping(failed);
        }
    }

    /// Forgets a stack of which nothing is left.
    pub(super) async fn burn_books(&mut self, books: &Books) {
        let gone = self
            .cluster
            .delete_inventory(&self.place(), &books.inventory, Patience::NONE)
            .await;
        if let Err(error) = gone {
            tracing::debug!(%error, "the inventory of a stack that is gone stays");
        }
    }
}

fn inventory(error: &InventoryError) -> Failed {
    match error {
        InventoryError::Call(call) => failed::call("could not use the inventory", call),
        other => Failed::new(Class::Inventory, other.to_string()),
    }
}
