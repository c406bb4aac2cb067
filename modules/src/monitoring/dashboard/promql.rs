//! How is a question put in Prometheus' language?

/// As far back as a rate needs to look: Grafana works it out of the range that is shown.
const RANGE: &str = "$__rate_interval";

/// The series of a metric of the programs that are chosen.
pub(super) fn of(metric: &str) -> String {
    format!("{metric}{{job=~\"$job\"}}")
}

/// Those of them that match.
pub(super) fn matching(metric: &str, selector: &str) -> String {
    format!("{metric}{{job=~\"$job\",{selector}}}")
}

/// How much a counter grows in a second.
pub(super) fn rate(series: &str) -> String {
    format!("rate({series}[{RANGE}])")
}

/// The sum for each value of these labels.
pub(super) fn sum(by: &str, series: &str) -> String {
    if by.is_empty() {
        return format!("sum({series})");
    }
    format!("sum by ({by}) ({series})")
}

/// How much counters grow in a second, in sum.
pub(super) fn flow(by: &str, metric: &str) -> String {
    sum(by, &rate(&of(metric)))
}

/// The value that so many of a histogram stay below.
pub(super) fn quantile(quantile: &str, by: &str, histogram: &str) -> String {
    let by = format!("{by}, le");
    let buckets = flow(&by, &format!("{histogram}_bucket"));
    format!("histogram_quantile({quantile}, {buckets})")
}
