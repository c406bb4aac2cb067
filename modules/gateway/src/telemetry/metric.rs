//! How is a metric written on a page, so that a Prometheus server reads it under the collector's name?

use std::fmt::{Display, Write as _};

use crate::settings::{MetricsPage, Shown};

/// The labels of a series, in the order of their names.
pub type Labels = Vec<(&'static str, String)>;

/// A metric with all its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name without the suffixes that follow from unit and kind.
    pub name: &'static str,
    /// What it says, in the collector's words.
    pub help: &'static str,
    /// What a suffix is made of: `seconds`, `bytes`; empty for none.
    pub unit: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// Its series.
    pub series: Vec<(Labels, Reading)>,
}

/// What the numbers of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They only grow.
    Counter,
    /// They are as they are now.
    Gauge,
    /// They are counted by their size.
    Histogram,
}

/// A number that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A whole one.
    Whole(u64),
    /// One with a fraction.
    Real(f64),
    /// Many, by their size.
    Spread(Spread),
}

/// Numbers counted by their size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many there were up to each bound, and not up to the one before it.
    pub upto: Vec<(f64, u64)>,
    /// How many were beyond the last bound.
    pub beyond: u64,
    /// The sum of all.
    pub sum: f64,
}

impl Family {
    /// A counter without a unit.
    pub fn counter(name: &'static str, help: &'static str, series: Vec<(Labels, Reading)>) -> Self {
        Self {
            name,
            help,
            unit: "",
            kind: Kind::Counter,
            series,
        }
    }

    /// A gauge without a unit.
    pub fn gauge(name: &'static str, help: &'static str, series: Vec<(Labels, Reading)>) -> Self {
        Self {
            kind: Kind::Gauge,
            ..Self::counter(name, help, series)
        }
    }

    /// Numbers counted by their size, without a unit.
    pub fn histogram(
        name: &'static str,
        help: &'static str,
        series: Vec<(Labels, Reading)>,
    ) -> Self {
        Self {
            kind: Kind::Histogram,
            ..Self::counter(name, help, series)
        }
    }

    /// The same with a unit.
    #[must_use]
    pub fn in_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Its name on a page.
    fn name_on(&self, page: &MetricsPage) -> String {
        let mut name = format!("otelcol_{}", self.name);
        if page.units == Shown::Yes && !self.unit.is_empty() && !name.ends_with(self.unit) {
            let _ = write!(name, "_{}", self.unit);
        }
        if page.type_suffix == Shown::Yes && self.kind == Kind::Counter {
            name.push_str("_total");
        }
        name
    }
}

/// Everything on a page: families in the order of their names, those without a series left out.
pub fn render(page: &MetricsPage, resource: &[(String, String)], families: &[Family]) -> String {
    let constant: Vec<(String, &str)> = resource
        .iter()
        .filter(|(key, _)| {
            page.resource_labels
                .iter()
                .any(|pattern| matches(pattern, key))
        })
        .map(|(key, value)| (label_name(key), value.as_str()))
        .collect();
    let scope = [
        ("otel_scope_name", "gateway"),
        ("otel_scope_schema_url", ""),
        ("otel_scope_version", ""),
    ];
    let scope = if page.scope_info == Shown::Yes {
        &scope[..]
    } else {
        &[]
    };
    let mut families: Vec<_> = families
        .iter()
        .filter(|family| !family.series.is_empty())
        .map(|family| (family.name_on(page), family))
        .collect();
    families.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut text = String::with_capacity(8192);
    for (name, family) in families {
        header(&mut text, &name, family.help, family.kind);
        for (labels, reading) in &family.series {
            let own = labels.iter().map(|(name, value)| (*name, value.as_str()));
            let all = own.chain(scope.iter().copied());
            let all = all.chain(constant.iter().map(|(name, value)| (name.as_str(), *value)));
            write_reading(&mut text, &name, all, reading);
        }
    }
    if page.target_info == Shown::Yes {
        header(&mut text, "target_info", "Target metadata", Kind::Gauge);
        let names: Vec<_> = resource
            .iter()
            .map(|(key, value)| (label_name(key), value))
            .collect();
        let labels = names
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        line(&mut text, "target_info", labels, 1);
    }
    text
}

fn header(text: &mut String, name: &str, help: &str, kind: Kind) {
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn write_reading<'a>(
    text: &mut String,
    name: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    reading: &Reading,
) {
    let spread = match reading {
        Reading::Whole(number) => return line(text, name, labels, number),
        Reading::Real(number) => return line(text, name, labels, number),
        Reading::Spread(spread) => spread,
    };
    let bucket = format!("{name}_bucket");
    let mut all = 0;
    let bounds = spread
        .upto
        .iter()
        .map(|(bound, count)| (bound.to_string(), count));
    for (bound, count) in bounds.chain([("+Inf".to_owned(), &spread.beyond)]) {
        all += count;
        let own: Vec<(&str, &str)> = labels.clone().collect();
        line(text, &bucket, own.into_iter().chain([("le", &*bound)]), all);
    }
    line(text, &format!("{name}_sum"), labels.clone(), spread.sum);
    line(text, &format!("{name}_count"), labels, all);
}

fn line<'a>(
    text: &mut String,
    name: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
    number: impl Display,
) {
    let mut labels: Vec<_> = labels.collect();
    labels.sort_unstable();
    text.push_str(name);
    for (index, (name, value)) in labels.iter().enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let _ = write!(text, "{name}=\"{value}\"");
    }
    if !labels.is_empty() {
        text.push('}');
    }
    let _ = writeln!(text, " {number}");
}

/// The name of an attribute as the name of a label.
fn label_name(key: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = key.chars().map(letter).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("key_{name}");
    }
    name
}

/// Whether a key is meant; `*` stands for anything.
fn matches(pattern: &str, key: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == key,
        Some((start, end)) => {
            key.len() >= start.len() + end.len() && key.starts_with(start) && key.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(shown: Shown) -> MetricsPage {
        MetricsPage {
            host: "localhost".to_owned(),
            port: 0,
            type_suffix: shown,
            units: shown,
            scope_info: Shown::No,
            target_info: Shown::No,
            resource_labels: Vec::new(),
        }
    }

    fn families() -> [Family; 3] {
        let labels = vec![
            ("transport", "grpc".to_owned()),
            ("receiver", "a\"\\".to_owned()),
        ];
        [
            Family::counter(
                "process_uptime",
                "Uptime of the process [Alpha]",
                vec![(Vec::new(), Reading::Real(1.5))],
            )
            .in_unit("seconds"),
            Family::counter(
                "receiver_accepted_spans",
                "Spans.",
                vec![(labels, Reading::Whole(7))],
            ),
            Family::gauge("exporter_queue_size", "Nothing.", Vec::new()),
        ]
    }

    #[test]
    fn names_have_the_suffixes_that_the_page_asks_for() {
        let text = render(&page(Shown::Yes), &[], &families());
        assert_eq!(
            text,
            "# HELP otelcol_process_uptime_seconds_total Uptime of the process [Alpha]\n\
             # TYPE otelcol_process_uptime_seconds_total counter\n\
             otelcol_process_uptime_seconds_total 1.5\n\
             # HELP otelcol_receiver_accepted_spans_total Spans.\n\
             # TYPE otelcol_receiver_accepted_spans_total counter\n\
             otelcol_receiver_accepted_spans_total{receiver=\"a\\\"\\\\\",transport=\"grpc\"} 7\n"
        );
        let text = render(&page(Shown::No), &[], &families());
        assert!(
            text.contains("\notelcol_receiver_accepted_spans{"),
            "{text}"
        );
        assert!(text.contains("\notelcol_process_uptime 1.5\n"), "{text}");
    }

    #[test]
    fn numbers_by_size_are_buckets_that_hold_those_before_them() {
        let spread = Spread {
            upto: vec![(0.5, 2), (5.0, 0)],
            beyond: 1,
            sum: 9.25,
        };
        let series = vec![(vec![("a", "b".to_owned())], Reading::Spread(spread))];
        let family = Family::histogram("late", "Late.", series).in_unit("seconds");
        let text = render(&page(Shown::Yes), &[], &[family]);
        assert_eq!(
            text,
            "# HELP otelcol_late_seconds Late.\n\
             # TYPE otelcol_late_seconds histogram\n\
             otelcol_late_seconds_bucket{a=\"b\",le=\"0.5\"} 2\n\
             otelcol_late_seconds_bucket{a=\"b\",le=\"5\"} 2\n\
             otelcol_late_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n\
             otelcol_late_seconds_sum{a=\"b\"} 9.25\n\
             otelcol_late_seconds_count{a=\"b\"} 3\n"
        );
    }

    #[test]
    fn attributes_of_the_gateway_are_told_where_they_are_asked_for() {
        let resource = [
            ("service.name".to_owned(), "gateway".to_owned()),
            ("zone".to_owned(), "a".to_owned()),
        ];
        let page = MetricsPage {
            target_info: Shown::Yes,
            resource_labels: vec!["service.*".to_owned()],
            ..page(Shown::No)
        };
        let text = render(&page, &resource, &families());
        assert!(
            text.contains("otelcol_process_uptime{service_name=\"gateway\"} 1.5\n"),
            "{text}"
        );
        assert!(
            text.ends_with("target_info{service_name=\"gateway\",zone=\"a\"} 1\n"),
            "{text}"
        );
    }
}
