//! Whose attributes are changed?
//!
//! As `include` and `exclude` of the collector's processor say it: what is included, where that is said, and is not
//! excluded.

mod expected;

use std::collections::BTreeSet;

use collector_config::{Signal, components::Settings};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value as Json;

use self::expected::Expected;
use crate::{
    re2, text,
    wire::{self, Attribute, Resource, Scope, Value, attributes},
};

/// What is said of the items that are meant. An item has to be all of it, and of each list one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Properties {
    match_type: Option<MatchType>,
    /// How results are remembered: nothing of that is needed here.
    regexp: Settings,
    services: Vec<String>,
    span_names: Vec<String>,
    span_kinds: Vec<String>,
    log_bodies: Vec<String>,
    log_severity_texts: Vec<String>,
    log_severity_number: Option<Severity>,
    metric_names: Vec<String>,
    attributes: Vec<Property>,
    resources: Vec<Property>,
    libraries: Vec<Library>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MatchType {
    Strict,
    Regexp,
}

/// An attribute that is there, with this value where one is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    key: String,
    #[serde(default)]
    value: Option<Json>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    name: String,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Severity {
    min: i64,
    match_undefined: bool,
}

/// Whose attributes are changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Which {
    include: Option<Items>,
    exclude: Option<Items>,
}

/// Items of one signal.
#[derive(Clone, Debug, Default)]
struct Items {
    services: Option<Texts>,
    /// Of spans and metrics.
    names: Option<Texts>,
    kinds: Option<Texts>,
    bodies: Option<Texts>,
    severities: Option<Texts>,
    severity: Option<Severity>,
    libraries: Vec<(Texts, Option<Texts>)>,
    resources: Vec<Expected>,
    attributes: Vec<Expected>,
}

/// Any of these texts.
#[derive(Clone, Debug)]
enum Texts {
    Strict(BTreeSet<String>),
    Patterns(Vec<Regex>),
}

impl Which {
    /// What these say of this signal.
    ///
    /// # Errors
    /// What is wrong with it, with the key that it is wrong with.
    pub(super) fn new(
        signal: Signal,
        include: &Settings,
        exclude: &Settings,
    ) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut items = |key: &str, settings: &Settings| {
            if settings.is_empty() {
                return None;
            }
            let read = serde_json::from_value(Json::Object(settings.clone()));
            let read = read.map_err(|error| error.to_string());
            match read.and_then(|properties: Properties| properties.items(signal)) {
                Ok(items) => items,
                Err(why) => {
                    wrong.push(format!("`{key}`: {why}"));
                    None
                }
            }
        };
        let (include, exclude) = (items("include", include), items("exclude", exclude));
        if wrong.is_empty() {
            Ok(Self { include, exclude })
        } else {
            Err(wrong)
        }
    }

    pub(super) fn has(
        &self,
        signal: Signal,
        around: (&Resource<'_>, &Scope<'_>),
        item: &[u8],
    ) -> bool {
        let are = |items: &Items| items.have(signal, around, item);
        self.include.as_ref().is_none_or(are) && !self.exclude.as_ref().is_some_and(are)
    }
}

impl Properties {
    /// Whether how results are remembered is said.
    pub(crate) fn says_how_to_remember(&self) -> bool {
        !self.regexp.is_empty()
    }

    /// The keys of which each makes no sense for this signal, and those of which one is needed.
    fn keys(&self, signal: Signal) -> ([(&'static str, bool); 6], [bool; 4]) {
        let of_logs = !self.log_bodies.is_empty()
            || !self.log_severity_texts.is_empty()
            || self.log_severity_number.is_some();
        let (traces, logs, metrics) = (
            signal == Signal::Traces,
            signal == Signal::Logs,
            signal == Signal::Metrics,
        );
        let spans = !self.span_names.is_empty() || !self.span_kinds.is_empty();
        let (described, libraries) = (!self.attributes.is_empty(), !self.libraries.is_empty());
        let services = !self.services.is_empty();
        let foreign = [
            ("`services`", !traces && services),
            ("`span_names` and `span_kinds`", !traces && spans),
            (
                "`log_bodies`, `log_severity_texts` and `log_severity_number`",
                !logs && of_logs,
            ),
            ("`metric_names`", !metrics && !self.metric_names.is_empty()),
            ("`attributes`", metrics && described),
            ("`libraries`", metrics && libraries),
        ];
        let own = match signal {
            Signal::Traces => services || spans,
            Signal::Logs => of_logs,
            Signal::Metrics => !self.metric_names.is_empty(),
        };
        (
            foreign,
            [own, described, libraries, !self.resources.is_empty()],
        )
    }

    /// The items of this signal; none where nothing that is said makes a difference.
    fn items(&self, signal: Signal) -> Result<Option<Items>, String> {
        let (foreign, one_of) = self.keys(signal);
        if let Some((keys, _)) = foreign.iter().find(|(_, there)| *there) {
            return Err(format!("{keys} say nothing of {signal}"));
        }
        if !one_of.contains(&true) {
            return Err(format!("nothing is said that {signal} could be told by"));
        }
        let kinds = |kind: &String| (1..=5).any(|known| span_kind(known) == kind);
        let strict = self.match_type == Some(MatchType::Strict);
        if let Some(kind) = self.span_kinds.iter().find(|kind| strict && !kinds(kind)) {
            return Err(format!(
                "`{kind}` is no kind of span: `SPAN_KIND_SERVER` is one"
            ));
        }
        if signal == Signal::Metrics {
            // Metrics are told by their names alone, whatever else is said.
            let names = self.texts(&self.metric_names)?;
            let items = |names| Items {
                names: Some(names),
                ..Items::default()
            };
            return Ok(names.map(items));
        }
        let libraries = self.libraries.iter().map(|library| {
            let version = library.version.as_slice();
            let name = self.matching(std::slice::from_ref(&library.name))?;
            Ok((name, self.texts(version)?))
        });
        let expected = |all: &[Property]| -> Result<Vec<_>, String> {
            all.iter().map(|one| Expected::new(self, one)).collect()
        };
        Ok(Some(Items {
            services: self.texts(&self.services)?,
            names: self.texts(&self.span_names)?,
            kinds: self.texts(&self.span_kinds)?,
            bodies: self.texts(&self.log_bodies)?,
            severities: self.texts(&self.log_severity_texts)?,
            severity: self.log_severity_number,
            libraries: libraries.collect::<Result<_, String>>()?,
            resources: expected(&self.resources)?,
            attributes: expected(&self.attributes)?,
        }))
    }

    fn texts(&self, any_of: &[String]) -> Result<Option<Texts>, String> {
        (!any_of.is_empty())
            .then(|| self.matching(any_of))
            .transpose()
    }

    fn matching(&self, any_of: &[String]) -> Result<Texts, String> {
        Ok(match self.match_type {
            None => return Err("`match_type` is missing: `strict` or `regexp`".to_owned()),
            Some(MatchType::Strict) => Texts::Strict(any_of.iter().cloned().collect()),
            Some(MatchType::Regexp) => {
                let compile = |text: &String| {
                    re2::compile(text).map_err(|error| format!("`{text}`: {error}"))
                };
                Texts::Patterns(any_of.iter().map(compile).collect::<Result<_, String>>()?)
            }
        })
    }
}

impl Items {
    fn have(
        &self,
        signal: Signal,
        (resource, scope): (&Resource<'_>, &Scope<'_>),
        item: &[u8],
    ) -> bool {
        let is = |texts: &Option<Texts>, text: &dyn Fn() -> String| {
            texts.as_ref().is_none_or(|texts| texts.have(&text()))
        };
        let string =
            |number| move || String::from_utf8_lossy(wire::bytes_of(item, number)).into_owned();
        let name = if signal == Signal::Traces { 5 } else { 1 };
        is(&self.names, &string(name))
            && is(&self.services, &|| service(resource))
            && is(&self.kinds, &|| {
                span_kind(wire::number_of(item, 6)).to_owned()
            })
            && is(&self.bodies, &|| {
                text::text(&Value::read(wire::bytes_of(item, 5)))
            })
            && is(&self.severities, &string(3))
            && self
                .severity
                .is_none_or(|severity| severity.has(wire::number_of(item, 2)))
            && self.libraries.iter().all(|(name, version)| {
                is(&Some(name.clone()), &|| described(scope, 1))
                    && is(version, &|| described(scope, 2))
            })
            && all(&self.resources, || resource.resource_attributes().collect())
            && all(&self.attributes, || {
                attributes(item, if signal == Signal::Logs { 6 } else { 9 }).collect()
            })
    }
}

/// Whether all that is expected of attributes is so.
fn all<'a>(expected: &[Expected], attributes: impl Fn() -> Vec<Attribute<'a>>) -> bool {
    if expected.is_empty() {
        return true;
    }
    let attributes = attributes();
    expected
        .iter()
        .all(|expected| expected.is_among(&attributes))
}

impl Texts {
    fn have(&self, text: &str) -> bool {
        match self {
            Self::Strict(texts) => texts.contains(text),
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.is_match(text)),
        }
    }
}

impl Severity {
    fn has(self, number: u64) -> bool {
        match number.cast_signed() {
            0 => self.match_undefined,
            number => number >= self.min,
        }
    }
}

fn service(resource: &Resource<'_>) -> String {
    let named = resource
        .resource_attributes()
        .find(|attribute| attribute.key == "service.name");
    named.map_or_else(
        || "<nil-service-name>".to_owned(),
        |name| text::text(&name.value),
    )
}

/// A text of what describes a scope.
fn described(scope: &Scope<'_>, number: u32) -> String {
    let texts = scope.descriptions().map(|of| wire::bytes_of(of, number));
    let text = texts.filter(|text| !text.is_empty()).last();
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

fn span_kind(kind: u64) -> &'static str {
    match kind {
        0 => "SPAN_KIND_UNSPECIFIED",
        1 => "SPAN_KIND_INTERNAL",
        2 => "SPAN_KIND_SERVER",
        3 => "SPAN_KIND_CLIENT",
        4 => "SPAN_KIND_PRODUCER",
        5 => "SPAN_KIND_CONSUMER",
        _ => "",
    }
}
