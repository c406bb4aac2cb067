//! What becomes of what a gateway holds when it ends?

use crate::serve::{Exports, Gateway};

/// The exporters of a gateway that ends, and what they had given up before.
#[derive(Default)]
pub(super) struct Remainder {
    exporters: Exports,
    lost_before: u64,
}

impl Remainder {
    /// Before the end.
    pub(super) fn of(gateway: &Gateway) -> Self {
        let exporters = gateway.exporters().clone();
        let lost_before = lost(&exporters);
        Self {
            exporters,
            lost_before,
        }
    }

    /// The same of what waits in memory alone, so that it holds nothing on disk.
    pub(super) fn in_memory(gateway: &Gateway) -> Self {
        let mut before = Self::of(gateway);
        let exporters = &mut before.exporters;
        exporters.retain(|_, exporter| exporter.queue.left_on_disk().is_none());
        before.lost_before = lost(exporters);
        before
    }

    /// Says what became of it after another gateway has taken its place.
    pub(super) fn say_replaced(&self) {
        match lost(&self.exporters) - self.lost_before {
            0 => tracing::info!("what came before the new configuration was sent"),
            items => tracing::error!(
                items,
                "of what came before the new configuration some is lost"
            ),
        }
    }

    /// Says what became of it, after the end.
    pub(super) fn say(&self) {
        let lost = lost(&self.exporters) - self.lost_before;
        let mut kept = 0;
        for ((exporter, signal), each) in &self.exporters {
            if let Some(left) = each.queue.left_on_disk().filter(|left| left.records > 0) {
                let (requests, items) = (left.records, left.items);
                kept += items;
                tracing::info!(%exporter, %signal, requests, items, "what is still in files is sent after the next start");
            }
        }
        if lost > 0 {
            tracing::error!(
                items = lost,
                "the gateway has ended, and what it could not hand on in time is lost"
            );
        } else if kept > 0 {
            tracing::info!("the gateway has ended, and what it could not hand on is in files");
        } else {
            tracing::info!("the gateway has ended, and everything was handed on");
        }
    }
}

fn lost(exporters: &Exports) -> u64 {
    exporters
        .values()
        .map(|exporter| exporter.tallies.failed.get())
        .sum()
}
