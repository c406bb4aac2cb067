//! The extensions for looking into a running collector.

use super::connection::ServerTls;
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentType, Distribution, Need, Stability};

settings! {
    /// Shows pages about pipelines and what went through them. Anyone who reaches it can read them.
    #[derive(Eq)]
    pub struct Zpages {
        /// The address that it listens on: `localhost:55679` where nothing is said.
        pub endpoint: Option<String>,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// Whether the variables of the Go runtime are shown too.
        pub expvar: Expvar,
    }

    /// The variables of the Go runtime.
    #[derive(Eq)]
    pub struct Expvar {
        /// Whether they are shown.
        pub enabled: bool,
    }

    /// Lets Go's profiler look at the collector. Anyone who reaches it can slow the collector down.
    #[derive(Eq)]
    pub struct Pprof {
        /// The address that it listens on: `localhost:1777` where nothing is said.
        pub endpoint: Option<String>,
        /// One of how many waits is recorded; 0 for none.
        pub block_profile_fraction: u32,
        /// One of how many fights over a lock is recorded; 0 for none.
        pub mutex_profile_fraction: u32,
        /// The file that gets the processor profile when the collector ends.
        pub save_to_file: String,
    }
}

impl Component for Zpages {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Extension, "zpages")
        .within(Distribution::GENERAL)
        .ripe(Stability::Beta);

    fn needs(&self) -> Vec<Need> {
        let endpoint = self.endpoint.as_deref().unwrap_or("localhost:55679");
        listens("zpages", endpoint, 55679).into_iter().collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let empty = self.endpoint.as_deref() == Some("");
        let found = empty.then(|| "`endpoint` is missing".to_owned());
        found.into_iter().collect()
    }
}

impl Component for Pprof {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Extension, "pprof")
        .within(Distribution::GENERAL)
        .ripe(Stability::Beta);

    fn needs(&self) -> Vec<Need> {
        let endpoint = self.endpoint.as_deref().unwrap_or("localhost:1777");
        listens("pprof", endpoint, 1777).into_iter().collect()
    }
}
