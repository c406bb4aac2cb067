//! What becomes of what a gateway holds when it ends?

use std::sync::Arc;

use crate::{
    serve::{Exports, Gateway},
    tail::Counts,
};

/// The exporters of a gateway that ends, and what they had given up before.
pub(super) struct Remainder {
    exporters: Exports,
    samplers: Vec<Arc<Counts>>,
    lost_before: u64,
}

impl Remainder {
    /// Before the end.
    pub(super) fn of(gateway: &Gateway) -> Self {
        Self::with(gateway.exporters().clone(), gateway)
    }

    /// The same of what waits in memory alone, so that it holds nothing on disk.
    pub(super) fn in_memory(gateway: &Gateway) -> Self {
        let mut exporters = gateway.exporters().clone();
        exporters.retain(|_, exporter| exporter.queue.left_on_disk().is_none());
        Self::with(exporters, gateway)
    }

    fn with(exporters: Exports, gateway: &Gateway) -> Self {
        let mut remainder = Self {
            exporters,
            samplers: gateway.samplers().to_vec(),
            lost_before: 0,
        };
        remainder.lost_before = remainder.lost();
        remainder
    }

    /// Says what became of it after another gateway has taken its place.
    pub(super) fn say_replaced(&self) {
        match self.lost() - self.lost_before {
            0 => tracing::info!("what came before the new configuration was sent"),
            items => tracing::error!(
                items,
                "of what came before the new configuration some is lost"
            ),
        }
    }

    /// Says what became of it, after the end.
    pub(super) fn say(&self) {
        let lost = self.lost() - self.lost_before;
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

    /// What was given up: by who sends, and by who samples and found nobody to take it.
    fn lost(&self) -> u64 {
        let exporters = self.exporters.values();
        let failed: u64 = exporters
            .map(|exporter| exporter.tallies.failed.get())
            .sum();
        let refused: u64 = self
            .samplers
            .iter()
            .map(|counts| counts.refused.get())
            .sum();
        failed + refused
    }
}

/// Says that the end has come when a storage had been let go of, and nobody had taken it yet.
pub(super) fn say_between() {
    tracing::info!(
        "the gateway has ended between two configurations: what is in files is sent after the next start"
    );
}
