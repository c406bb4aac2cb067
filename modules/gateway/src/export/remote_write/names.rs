//! What is a metric, a label or a unit of OpenTelemetry called in Prometheus?
//!
//! The rules are those of the OpenTelemetry specification, "Prometheus and `OpenMetrics` Compatibility", as
//! prometheus/otlptranslator 1.0 applies them, which is what the collector 0.159 asks.

use collector_config::components::prometheus_exporter::Translation;
use thiserror::Error;

use super::units::{cleaned, legal, unit_words};

/// Why something has no name in Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no name is left of `{0}`")]
pub(super) struct Nameless(String);

/// What names depend on, apart from the metric itself.
#[derive(Clone, Debug)]
pub(super) struct Namer {
    /// What names of metrics begin with.
    pub(super) namespace: String,
    /// Whether units and types stand at their end.
    pub(super) suffixes: bool,
    /// Whether every character is allowed.
    pub(super) utf8: bool,
}

/// What decides what stands at the end of a metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Gauge,
    /// A sum that only grows.
    Counter,
    Other,
}

impl Namer {
    /// As a strategy says; where none is said, with units and types unless `suffixes` says otherwise.
    pub(super) fn new(
        namespace: &str,
        strategy: Option<Translation>,
        suffixes: Option<bool>,
    ) -> Self {
        let (suffixes, utf8) = match strategy {
            None => (suffixes.unwrap_or(true), false),
            Some(Translation::UnderscoreEscapingWithSuffixes) => (true, false),
            Some(Translation::UnderscoreEscapingWithoutSuffixes) => (false, false),
            Some(Translation::NoUtf8EscapingWithSuffixes) => (true, true),
            Some(Translation::NoTranslation) => (false, true),
        };
        Self {
            namespace: namespace.to_owned(),
            suffixes,
            utf8,
        }
    }

    /// A metric's name.
    pub(super) fn metric(&self, name: &str, unit: &str, sort: Sort) -> Result<String, Nameless> {
        if self.utf8 {
            return Ok(self.unescaped(name, unit, sort));
        }
        let escaped = if self.suffixes {
            self.with_suffixes(name, unit, sort)
        } else {
            self.escaped(name)
        };
        let nothing =
            escaped.is_empty() || (escaped != name && escaped.bytes().all(|byte| byte == b'_'));
        if nothing {
            Err(Nameless(name.to_owned()))
        } else {
            Ok(escaped)
        }
    }

    fn with_suffixes(&self, name: &str, unit: &str, sort: Sort) -> String {
        let (main, per) = unit_words(unit);
        let (main, per) = (cleaned(&main), cleaned(&per));
        let mut words: Vec<&str> = name
            .split(|c| !legal(c))
            .filter(|word| !word.is_empty())
            .collect();
        let per = if per == "per_" {
            ""
        } else {
            per.strip_suffix('_').unwrap_or(&per)
        };
        let per = if words.contains(&per) { "" } else { per };
        let main = if words.contains(&main.as_str()) {
            ""
        } else {
            main.as_str()
        };
        let main = if per.is_empty() {
            main
        } else {
            main.strip_suffix('_').unwrap_or(main)
        };
        words.extend([main, per].into_iter().filter(|word| !word.is_empty()));
        let last = match sort {
            Sort::Counter => Some("total"),
            // Counters with this unit count objects, against the rules for units, so only gauges are ratios.
            Sort::Gauge if unit == "1" => Some("ratio"),
            Sort::Gauge | Sort::Other => None,
        };
        if let Some(last) = last {
            words.retain(|word| *word != last);
            words.push(last);
        }
        if !self.namespace.is_empty() {
            words.insert(0, &self.namespace);
        }
        not_a_number_first(words.join("_"))
    }

    fn escaped(&self, name: &str) -> String {
        let escape = |text: &str| {
            let words = text
                .split(|c| !legal(c) && c != '_')
                .filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join("_")
        };
        if self.namespace.is_empty() {
            not_a_number_first(escape(name))
        } else {
            format!("{}_{}", escape(&self.namespace), escape(name))
        }
    }

    fn unescaped(&self, name: &str, unit: &str, sort: Sort) -> String {
        let mut name = if self.namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{}_{name}", self.namespace)
        };
        if !self.suffixes {
            return name;
        }
        let (main, per) = unit_words(unit);
        let mut ends = Vec::new();
        if sort == Sort::Gauge && unit == "1" {
            ends.push("ratio");
        }
        if sort == Sort::Counter {
            ends.push("total");
        }
        if !per.is_empty() {
            ends.push(&per);
        }
        for end in &ends {
            // With the character before it, whatever that is.
            if name.ends_with(end) && name.len() > end.len() + 1 {
                let at = name.len() - end.len();
                let before = name[..at].chars().next_back().map_or(0, char::len_utf8);
                name.truncate(at - before);
            }
        }
        if !main.is_empty() && !name.ends_with(main.as_ref()) {
            name = format!("{name}_{main}");
        }
        for end in ends.iter().rev() {
            name = format!("{name}_{end}");
        }
        name
    }

    /// A unit, as metadata has it.
    pub(super) fn unit(&self, unit: &str) -> String {
        let (main, per) = unit_words(unit);
        let (main, per) = if self.utf8 {
            (main.into_owned(), per)
        } else {
            (cleaned(&main), cleaned(&per))
        };
        let whole = match (main.is_empty(), per.is_empty()) {
            (false, false) => format!("{main}_{per}"),
            (false, true) => main,
            (true, _) => per,
        };
        let whole = whole.strip_prefix('_').unwrap_or(&whole);
        whole.strip_suffix('_').unwrap_or(whole).to_owned()
    }

    /// A label's name.
    pub(super) fn label(&self, name: &str) -> Result<String, Nameless> {
        let only_underscores = |text: &str| text.bytes().all(|byte| byte == b'_');
        let label = if self.utf8 {
            name.to_owned()
        } else {
            let label = escaped_label(name);
            match label.as_bytes() {
                [b'0'..=b'9', ..] => format!("key_{label}"),
                // What begins with two is reserved, and stays.
                [b'_', second, ..] if *second != b'_' => format!("key{label}"),
                [b'_'] => "key_".to_owned(),
                _ => label,
            }
        };
        if only_underscores(&label) {
            return Err(Nameless(name.to_owned()));
        }
        Ok(label)
    }
}

/// A label of `target_info` in version 1, which is made as labels were before: each character by itself.
pub(super) fn target_label(name: &str) -> Result<String, Nameless> {
    let escape = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut label: String = name.chars().map(escape).collect();
    if label.starts_with(|c: char| c.is_ascii_digit()) {
        label.insert_str(0, "key_");
    }
    if label.bytes().all(|byte| byte == b'_') {
        return Err(Nameless(name.to_owned()));
    }
    Ok(label)
}

fn escaped_label(name: &str) -> String {
    let reserved = (name.len() >= 4)
        .then(|| name.strip_prefix("__")?.strip_suffix("__"))
        .flatten();
    let inner = reserved.unwrap_or(name);
    let mut label = String::with_capacity(name.len());
    for c in inner.chars() {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else if !label.ends_with('_') {
            label.push('_');
        }
    }
    match reserved {
        Some(_) => format!("__{label}__"),
        None => label,
    }
}

fn not_a_number_first(name: String) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namer(strategy: Translation) -> Namer {
        Namer::new("", Some(strategy), None)
    }

    #[test]
    fn names_carry_unit_and_type_once() {
        use Sort::{Counter, Gauge, Other};
        let namer = namer(Translation::UnderscoreEscapingWithSuffixes);
        for (name, unit, sort, expected) in [
            (
                "http.server.request.duration",
                "s",
                Other,
                "http_server_request_duration_seconds",
            ),
            (
                "system.memory.usage",
                "By",
                Other,
                "system_memory_usage_bytes",
            ),
            ("bytes.sent", "By", Counter, "bytes_sent_total"),
            ("total.requests", "", Counter, "requests_total"),
            ("cpu.utilization", "1", Gauge, "cpu_utilization_ratio"),
            ("cpu.utilization", "1", Other, "cpu_utilization"),
            ("speed", "km/h", Gauge, "speed_km_per_hour"),
            ("speed", "m/s", Gauge, "speed_meters_per_second"),
            ("queries", "{query}/s", Gauge, "queries_per_second"),
            ("temperature__c", "Cel", Gauge, "temperature_c_celsius"),
            ("0.first", "", Gauge, "_0_first"),
            ("a:b", "%", Gauge, "a:b_percent"),
            ("x", "_weird-unit_", Gauge, "x_weird_unit_"),
            ("x", "a_/_", Gauge, "x_a_"),
        ] {
            assert_eq!(
                namer.metric(name, unit, sort).as_deref(),
                Ok(expected),
                "{name} {unit}"
            );
        }
        assert!(namer.metric("", "", Gauge).is_err());
        assert!(namer.metric("...", "", Gauge).is_err());
    }

    #[test]
    fn strategies_differ_in_characters_and_ends() {
        for (strategy, expected) in [
            (
                Translation::UnderscoreEscapingWithSuffixes,
                "a_b_c_seconds_total",
            ),
            (Translation::UnderscoreEscapingWithoutSuffixes, "a_b__c"),
            (
                Translation::NoUtf8EscapingWithSuffixes,
                "a.b__c_seconds_total",
            ),
            (Translation::NoTranslation, "a.b__c"),
        ] {
            assert_eq!(
                namer(strategy)
                    .metric("a.b__c", "s", Sort::Counter)
                    .as_deref(),
                Ok(expected)
            );
        }
        let within = Namer::new("ns", Some(Translation::NoUtf8EscapingWithSuffixes), None);
        assert_eq!(
            within.metric("x.total", "1/s", Sort::Counter).as_deref(),
            Ok("ns_x_per_second_total")
        );
        assert_eq!(
            Namer::new("n-s", None, Some(false))
                .metric("0x", "", Sort::Gauge)
                .as_deref(),
            Ok("n_s_0x")
        );
    }

    #[test]
    fn labels_are_legal_and_reserved_ones_stay() {
        let namer = namer(Translation::UnderscoreEscapingWithSuffixes);
        for (name, expected) in [
            ("http.status_code", "http_status_code"),
            ("a..b__c", "a_b_c"),
            ("1st", "key_1st"),
            ("_hidden", "key_hidden"),
            ("__reserved__x__", "__reserved_x__"),
            ("__half", "key_half"),
            ("größe", "gr_e"),
        ] {
            assert_eq!(namer.label(name).as_deref(), Ok(expected), "{name}");
        }
        assert_eq!(target_label("a..b").as_deref(), Ok("a__b"));
        assert!(target_label("..").is_err());
        assert_eq!(
            Namer::new("", Some(Translation::NoTranslation), None)
                .label("a.b")
                .as_deref(),
            Ok("a.b")
        );
    }

    #[test]
    fn units_of_metadata_are_words() {
        let namer = namer(Translation::UnderscoreEscapingWithSuffixes);
        for (unit, expected) in [
            ("By/s", "bytes_per_second"),
            ("{x}", ""),
            ("1", ""),
            ("/s", "per_second"),
            ("", ""),
        ] {
            assert_eq!(namer.unit(unit), expected);
        }
    }
}
