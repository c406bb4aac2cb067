//! What does a server write into its configuration?

use super::{
    Prometheus, RULES, SCRAPE, Takes,
    config::{
        Exemplars, Global, OtlpSettings, PROMOTED, PrometheusYml, Retention, StorageSettings, Tsdb,
    },
    links::REPLICA,
    load::{BLOCKS, INTERVAL_SECONDS, Size},
};
use crate::units::MIB;

/// How the names of OTLP metrics and attributes are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Translation {
    /// `http.server.duration` in seconds becomes `http_server_duration_seconds`: what dashboards and rules know.
    #[default]
    Underscores,
    /// The same without the unit and `_total`.
    UnderscoresWithoutSuffixes,
    /// Names as they are, with the unit and `_total`; questions put them in quotes.
    Utf8,
    /// Names as they are.
    Untouched,
}

/// How histograms are taken from programs that offer both kinds. OTLP says itself which kind it brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Histograms {
    /// As a series for each bucket: what most dashboards and rules ask for.
    #[default]
    Classic,
    /// As one series with buckets inside: finer and cheaper.
    Native,
    /// As both, while questions are moved from one to the other.
    Both,
}

impl Translation {
    fn as_str(self) -> &'static str {
        match self {
            Translation::Underscores => "UnderscoreEscapingWithSuffixes",
            Translation::UnderscoresWithoutSuffixes => "UnderscoreEscapingWithoutSuffixes",
            Translation::Utf8 => "NoUTF8EscapingWithSuffixes",
            Translation::Untouched => "NoTranslation",
        }
    }
}

impl<T: Takes> Prometheus<T> {
    pub(super) fn settings(&self, stack: &str, size: Size) -> PrometheusYml {
        let interval = format!("{INTERVAL_SECONDS}s");
        let labels = [
            ("cluster", stack),
            ("prometheus", self.name.as_str()),
            (REPLICA, "${POD_NAME}"),
        ];
        PrometheusYml {
            global: Global {
                scrape_interval: interval.clone(),
                evaluation_interval: interval,
                scrape_native_histograms: self.histograms != Histograms::Classic,
                always_scrape_classic_histograms: self.histograms == Histograms::Both,
                external_labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            },
            alerting: self.links.alerting(),
            otlp: (!T::ARGS.is_empty()).then(|| self.otlp()),
            remote_write: self.links.remote_write(),
            storage: StorageSettings {
                tsdb: Tsdb {
                    retention: Retention {
                        time: self.keep.to_string(),
                        size: format!("{}MB", size.storage / 100 * BLOCKS / MIB),
                    },
                    out_of_order_time_window: "30m".to_owned(),
                },
                exemplars: Exemplars {
                    max_exemplars: self.exemplars,
                },
            },
            scrape_configs: self.links.federations(),
            scrape_config_files: vec![format!("{SCRAPE}/*.yml")],
            rule_files: vec![format!("{RULES}/*.yml")],
        }
    }

    fn otlp(&self) -> OtlpSettings {
        let mut promoted = PROMOTED.map(str::to_owned).to_vec();
        promoted.extend(self.promoted.iter().cloned());
        promoted.dedup();
        OtlpSettings {
            promote_resource_attributes: promoted,
            translation_strategy: self.translation.as_str().to_owned(),
            keep_identifying_resource_attributes: false,
        }
    }
}
