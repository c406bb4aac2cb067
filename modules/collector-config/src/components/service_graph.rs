//! The connector that finds out which service calls which.

use crate::component::{Class, Component};
use crate::{ComponentType, Duration, Signal, Stability};

settings! {
    /// Finds out which service calls which, from pairs of spans. Both spans of a call have to reach the same collector.
    pub struct ServiceGraph {
        /// The upper bounds of the buckets for durations.
        pub latency_histogram_buckets: Vec<Duration>,
        /// How many buckets that follow the values, in place of given ones.
        pub exponential_histogram_max_size: u32,
        /// Attributes that tell series apart, besides client, server and whether it failed.
        pub dimensions: Vec<String>,
        /// Spans that wait for their other half.
        pub store: Store,
        /// How often series without calls are forgotten: every minute, where nothing is said.
        pub cache_loop: Option<Duration>,
        /// How often spans that waited too long are given up: every 2 s, where nothing is said.
        pub store_expiration_loop: Option<Duration>,
        /// Attributes that name the called, where it sends no spans.
        pub virtual_node_peer_attributes: Vec<String>,
        /// Whether a label says that the called sends no spans.
        pub virtual_node_extra_label: bool,
        /// How often metrics are sent: every minute, where nothing is said; 0 for with every batch.
        pub metrics_flush_interval: Option<Duration>,
        /// How far metrics are dated back.
        pub metrics_timestamp_offset: Option<Duration>,
        /// Attributes that name a database.
        pub database_name_attributes: Vec<String>,
    }

    /// Spans that wait for their other half.
    #[derive(Eq)]
    pub struct Store {
        /// How many calls at most: 1000 where nothing is said.
        pub max_items: Option<u64>,
        /// How long each: 2 s where nothing is said.
        pub ttl: Option<Duration>,
    }
}

impl Component for ServiceGraph {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Connector, "service_graph")
            .renamed_from("servicegraph", 151)
            .joints(&[(Signal::Traces, Signal::Metrics)])
            .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let both =
            !self.latency_histogram_buckets.is_empty() && self.exponential_histogram_max_size > 0;
        let rule =
            "either `latency_histogram_buckets` or `exponential_histogram_max_size`, not both";
        both.then(|| rule.to_owned()).into_iter().collect()
    }
}
