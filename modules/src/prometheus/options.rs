//! What can be chosen of a server?

use super::{Histograms, Measures, Prometheus, Takes, Translation, UsualAlerts};
use crate::{pod::Spread, units::Days, watch::Rules};

impl<T: Takes> Prometheus<T> {
    /// So many servers that each hold everything: two, where none may be missing.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    /// How strictly replicas are kept apart.
    #[must_use]
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// Keeps series so long, or until its disk is nearly full.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk for each replica.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = Some(bytes);
        self
    }

    /// So much memory for each replica; some kilobytes for each series that is written to.
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

    /// Makes one more resource attribute of OTLP a label of every series, beside those that are by default.
    #[must_use]
    pub fn promote(mut self, attribute: &str) -> Self {
        self.promoted.push(attribute.to_owned());
        self
    }

    /// Writes names of OTLP down in another way.
    #[must_use]
    pub fn translation(mut self, translation: Translation) -> Self {
        self.translation = translation;
        self
    }

    /// Takes histograms in another way.
    #[must_use]
    pub fn histograms(mut self, histograms: Histograms) -> Self {
        self.histograms = histograms;
        self
    }

    /// Keeps so many traces as examples of samples.
    #[must_use]
    pub fn exemplars(mut self, count: u32) -> Self {
        self.exemplars = count;
        self
    }

    /// Measures something else than the stack.
    #[must_use]
    pub fn measures(mut self, measures: Measures) -> Self {
        self.measures = measures;
        self
    }

    /// Does without the usual alerts.
    ///
    /// ```
    /// use modules::prometheus::{Prometheus, UsualAlerts};
    ///
    /// let own = Prometheus::new("prometheus").usual_alerts(UsualAlerts::LeftOut);
    /// ```
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
}
