//! What does the cluster learn that decides how many Pods a gateway has?

/// Series for an hour, and what follows from them.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) series: &'static [(&'static str, &'static str)],
    /// The series that the cluster is shown.
    pub(crate) asked: &'static str,
    pub(crate) expected: &'static [(&'static str, f64)],
}

const FILL: &str = "otelier_collector_queue_fill_ratio";
const REFUSED: &str = "otelier_collector_refused_items_per_second";

pub(crate) const ALL: &[Case] = &[
    Case {
        name: "the fullest queue of each Pod counts, and other programs do not",
        series: &[
            (
                "otelcol_exporter_queue_size{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"x\"}",
                "75x60",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"x\"}",
                "100x60",
            ),
            (
                "otelcol_exporter_queue_size{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"y\"}",
                "10x60",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"y\"}",
                "100x60",
            ),
            (
                "otelcol_exporter_queue_size{job=\"full\",namespace=\"n\",pod=\"b\",exporter=\"x\"}",
                "0x60",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"full\",namespace=\"n\",pod=\"b\",exporter=\"x\"}",
                "100x60",
            ),
            (
                "otelcol_exporter_queue_size{job=\"other\",namespace=\"n\",pod=\"c\",exporter=\"x\"}",
                "99x60",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"other\",namespace=\"n\",pod=\"c\",exporter=\"x\"}",
                "100x60",
            ),
        ],
        asked: FILL,
        expected: &[
            (
                "otelier_collector_queue_fill_ratio{namespace=\"n\",pod=\"a\"}",
                0.75,
            ),
            (
                "otelier_collector_queue_fill_ratio{namespace=\"n\",pod=\"b\"}",
                0.0,
            ),
        ],
    },
    Case {
        name: "an exporter without a queue says nothing",
        series: &[
            (
                "otelcol_exporter_queue_size{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"x\"}",
                "0x60",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"full\",namespace=\"n\",pod=\"a\",exporter=\"x\"}",
                "0x60",
            ),
        ],
        asked: FILL,
        expected: &[],
    },
    Case {
        name: "what is refused of all signals is counted together, and a Pod that refuses nothing says so",
        series: &[
            (
                "otelcol_process_uptime_seconds_total{job=\"refusing\",namespace=\"n\",pod=\"a\"}",
                "0+60x60",
            ),
            (
                "otelcol_process_uptime_seconds_total{job=\"refusing\",namespace=\"n\",pod=\"b\"}",
                "0+60x60",
            ),
            (
                "otelcol_receiver_refused_spans_total{job=\"refusing\",namespace=\"n\",pod=\"a\",receiver=\"otlp\"}",
                "0+60x60",
            ),
            (
                "otelcol_receiver_refused_log_records_total{job=\"refusing\",namespace=\"n\",pod=\"a\",receiver=\"otlp\"}",
                "0+120x60",
            ),
        ],
        asked: REFUSED,
        expected: &[
            (
                "otelier_collector_refused_items_per_second{namespace=\"n\",pod=\"a\"}",
                3.0,
            ),
            (
                "otelier_collector_refused_items_per_second{namespace=\"n\",pod=\"b\"}",
                0.0,
            ),
        ],
    },
];
