//! When does each alert fire, and when is it silent?

mod backends;
mod collectors;
mod kubernetes;
mod load;
mod machines;
mod metrics;
mod stores;

/// Series and their values, once a minute: `0+60x30` begins at zero and grows by sixty, thirty times.
pub(crate) type Series = &'static [(&'static str, &'static str)];

/// One alert, judged when everything has been as it is for two hours.
pub(crate) struct Case {
    pub(crate) alert: &'static str,
    /// So it fires.
    pub(crate) fires: Series,
    /// So it is silent.
    pub(crate) silent: Series,
}

const fn case(alert: &'static str, fires: Series, silent: Series) -> Case {
    Case {
        alert,
        fires,
        silent,
    }
}

const GROWS: &str = "0+60x120";
const STAYS: &str = "7x120";
const ZERO: &str = "0x120";
const ONE: &str = "1x120";

/// Every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    let tables = [
        ALL,
        collectors::ALL,
        metrics::ALL,
        backends::ALL,
        kubernetes::ALL,
        load::ALL,
        machines::ALL,
        stores::ALL,
    ];
    tables.into_iter().flatten()
}

const ALL: &[Case] = &[
    case(
        "TargetDown",
        &[
            ("up{job=\"otlp\",pod=\"otlp-a\"}", ZERO),
            ("up{job=\"otlp\",pod=\"otlp-b\"}", ONE),
        ],
        &[("up{job=\"otlp\",pod=\"otlp-a\"}", ONE)],
    ),
    case(
        "TargetMissing",
        &[("up{job=\"otlp\",pod=\"otlp-a\"}", ONE)],
        &[
            ("up{job=\"alertmanager\",pod=\"0\"}", ONE),
            ("up{job=\"alertmanager\",pod=\"1\"}", ONE),
            ("up{job=\"alertmanager\",pod=\"2\"}", ONE),
            ("up{job=\"cluster\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-collector\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-collector\",pod=\"b\"}", ONE),
            ("up{job=\"jaeger-query\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-query\",pod=\"b\"}", ONE),
            ("up{job=\"injector\",pod=\"a\"}", ONE),
            ("up{job=\"injector\",pod=\"b\"}", ONE),
            ("up{job=\"loki\",pod=\"a\"}", ONE),
            ("up{job=\"loki\",pod=\"b\"}", ONE),
            ("up{job=\"loki\",pod=\"c\"}", ONE),
            ("up{job=\"node\",pod=\"a\"}", ONE),
            ("up{job=\"otlp\",pod=\"a\"}", ONE),
            ("up{job=\"otlp\",pod=\"b\"}", ONE),
            ("up{job=\"otlp-sampler\",pod=\"a\"}", ONE),
            ("up{job=\"otlp-sampler\",pod=\"b\"}", ONE),
            ("up{job=\"prometheus\",pod=\"a\"}", ONE),
            ("up{job=\"search-metrics\",pod=\"a\"}", ONE),
            ("up{job=\"series-agent\",pod=\"a\"}", ONE),
            ("up{job=\"series-alert\",pod=\"a\"}", ONE),
            ("up{job=\"series-alert\",pod=\"b\"}", ONE),
            ("up{job=\"series-insert\",pod=\"a\"}", ONE),
            ("up{job=\"series-insert\",pod=\"b\"}", ONE),
            ("up{job=\"series-select\",pod=\"a\"}", ONE),
            ("up{job=\"series-select\",pod=\"b\"}", ONE),
            ("up{job=\"series-storage\",pod=\"a\"}", ONE),
            ("up{job=\"series-storage\",pod=\"b\"}", ONE),
            ("up{job=\"series-storage\",pod=\"c\"}", ONE),
            ("up{job=\"tempo\",pod=\"a\"}", ONE),
        ],
    ),
];
