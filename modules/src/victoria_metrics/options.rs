//! What can be chosen of a VictoriaMetrics, whatever its form?

use provider_core::Endpoint;

use super::{Dedup, VictoriaMetrics};
use crate::{
    prometheus::{Measures, UsualAlerts},
    protocol::AlertmanagerApi,
    units::Days,
    watch::Rules,
};

impl<Form> VictoriaMetrics<Form> {
    /// Keeps series so long. Nothing is deleted earlier when a disk is full; then it takes no more.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk for each Pod that keeps.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = Some(bytes);
        self
    }

    /// So much memory for each Pod that keeps.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Expects so many series that are written to. Memory and disk follow from it; those that are said are checked.
    #[must_use]
    pub fn active_series(mut self, series: u64) -> Self {
        self.load.series = Some(series);
        self
    }

    /// Expects so many samples in each second, where series are not all written to every thirty seconds.
    #[must_use]
    pub fn samples_per_second(mut self, samples: u64) -> Self {
        self.load.samples_per_second = Some(samples);
        self
    }

    /// Makes one more resource attribute of OTLP a label of every series.
    #[must_use]
    pub fn promote(mut self, attribute: &str) -> Self {
        self.promoted.push(attribute.to_owned());
        self
    }

    /// Counts samples of one series as one.
    #[must_use]
    pub fn dedup(mut self, dedup: Dedup) -> Self {
        self.dedup = dedup;
        self
    }

    /// Measures something else than the stack.
    #[must_use]
    pub fn measures(mut self, measures: Measures) -> Self {
        self.measures = measures;
        self
    }

    /// Does without the usual alerts.
    #[must_use]
    pub fn usual_alerts(mut self, usual: UsualAlerts) -> Self {
        self.usual = usual;
        self
    }

    /// Works out rules that nobody else needs.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules.push(rules);
        self
    }

    /// Tells an Alertmanager of alerts: each member of its mesh.
    #[must_use]
    pub fn alerts(mut self, alertmanager: &Endpoint<AlertmanagerApi>) -> Self {
        self.alerts.push(alertmanager.clone());
        self
    }
}
