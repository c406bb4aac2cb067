//! Which series are in a request of metrics?
//!
//! The rules are those of the OpenTelemetry specification, "Prometheus and `OpenMetrics` Compatibility", as the
//! collector's exporter 0.159 applies them, so that both write the same series.

use std::collections::BTreeMap;

use collector_config::components::{
    prometheus_exporter::ResourceLabels as PrometheusResourceLabels,
    remote_write::PrometheusRemoteWrite,
};

use super::{
    labels::{IDENTITY, Identity, is_identity, joined, named},
    metric::Metric,
    names::{Nameless, Namer, Sort, target_label},
    point::Point,
    samples::{Counts, Exemplars, Written},
    series::{Label, Metadata, MetricType, Sample, Series, SeriesSet},
};
use crate::{
    text::text,
    wire::{self, Attribute, Fields, Resource, Scope},
};

/// What a request became.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) series: Vec<Series>,
    /// How many data points have no counterpart in Prometheus: sums since the last time instead of since the start,
    /// names of which nothing is left, histograms that are too coarse.
    pub(super) dropped: u64,
}

/// Which version of the protocol the series are for: they differ in labels and in exemplars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    One,
    /// `io.prometheus.write.v2.Request`.
    Two,
}

/// Turns requests into series.
pub(super) struct Translator {
    namer: Namer,
    version: Version,
    external: BTreeMap<String, String>,
    target_info: bool,
    scope_info: bool,
    resource_labels: ResourceLabels,
}

/// Which attributes of the resource are labels of its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourceLabels {
    None,
    All,
    /// Those that are not `job` and `instance` already.
    Others,
}

/// What the points of one scope have in common.
struct Common {
    /// Labels that win over a point's.
    over: Vec<(String, String)>,
    /// Attributes of the resource that a point has too.
    resource: Vec<(String, String)>,
}

impl Translator {
    pub(super) fn new(settings: &PrometheusRemoteWrite, version: Version) -> Self {
        let namer = Namer::new(
            &settings.namespace,
            settings.translation_strategy,
            settings.add_metric_suffixes,
        );
        // Legal of old in any case, as the collector has them.
        let legal = Namer {
            utf8: false,
            ..namer.clone()
        };
        let external = settings.external_labels.iter();
        let external =
            external.filter_map(|(name, value)| Some((legal.label(name).ok()?, value.clone())));
        Self {
            external: external.collect(),
            version,
            target_info: settings
                .target_info
                .as_ref()
                .is_none_or(|info| info.enabled),
            scope_info: !settings.disable_scope_info,
            resource_labels: match settings.resource_to_telemetry_conversion {
                PrometheusResourceLabels { enabled: false, .. } => ResourceLabels::None,
                PrometheusResourceLabels {
                    exclude_service_attributes: false,
                    ..
                } => ResourceLabels::All,
                PrometheusResourceLabels {
                    exclude_service_attributes: true,
                    ..
                } => ResourceLabels::Others,
            },
            namer,
        }
    }

    /// The series of a request that was checked.
    pub(super) fn translate(&self, body: &[u8]) -> Translated {
        let mut set = SeriesSet::default();
        let mut dropped = 0;
        for resource in wire::resources(body) {
            let identity = Identity::of(&resource);
            let mut newest = 0;
            for scope in resource.children() {
                let common = self.common(&resource, &scope, &identity);
                for metric in scope.children() {
                    dropped += self.metric(metric.message(), &common, &mut set, &mut newest);
                }
            }
            self.target(&resource, &identity, newest, &mut set);
        }
        Translated {
            series: set.finish(),
            dropped,
        }
    }

    fn common(&self, resource: &Resource<'_>, scope: &Scope<'_>, identity: &Identity) -> Common {
        let mut over = identity.labels();
        if self.scope_info {
            let mut put = |name: &str, value: String| {
                if let Ok(name) = self.namer.label(name) {
                    over.push((name, value));
                }
            };
            for description in scope.descriptions() {
                for field in Fields::of(description) {
                    match (
                        field.number,
                        field.value.bytes().map(String::from_utf8_lossy),
                    ) {
                        (1, Some(name)) if !name.is_empty() => {
                            put("otel_scope_name", name.into_owned());
                        }
                        (2, Some(version)) if !version.is_empty() => {
                            put("otel_scope_version", version.into_owned());
                        }
                        _ => {}
                    }
                }
            }
            for attribute in scope.scope_attributes() {
                if !matches!(attribute.key, "name" | "version" | "schema_url") {
                    put(
                        &format!("otel_scope_{}", attribute.key),
                        text(&attribute.value),
                    );
                }
            }
        }
        let resource = resource
            .resource_attributes()
            .filter(|attribute| match self.resource_labels {
                ResourceLabels::None => false,
                ResourceLabels::All => true,
                ResourceLabels::Others => !IDENTITY.contains(&attribute.key),
            })
            .map(|attribute| (attribute.key.to_owned(), text(&attribute.value)))
            .collect();
        Common { over, resource }
    }

    /// Adds a metric's points; how many could not be.
    fn metric(
        &self,
        message: &[u8],
        labels: &Common,
        set: &mut SeriesSet,
        newest: &mut i64,
    ) -> u64 {
        let read = Metric::of(message);
        let points: Vec<_> = read
            .points()
            .map(|point| Point::read(read.kind, point))
            .collect();
        *newest = points
            .iter()
            .map(|point| point.time)
            .fold(*newest, i64::max);
        let all = points.len() as u64;
        let Some(kind) = read.metric_type() else {
            return all;
        };
        if !read.cumulative() {
            return all;
        }
        let Ok(name) = self.namer.metric(read.name, read.unit, read.sort()) else {
            return all;
        };
        let counter = read.sort() == Sort::Counter;
        let written = Written {
            name,
            metadata: Metadata {
                kind,
                help: read.description.to_owned(),
                unit: self.namer.unit(read.unit),
            },
            counts: if counter {
                Counts::SinceStart
            } else {
                Counts::No
            },
            exemplars: match self.version {
                Version::One if !counter => Exemplars::Drop,
                Version::One | Version::Two => Exemplars::Keep,
            },
        };
        let mut add = |point: &Point<'_>| {
            let labels = self.labels(point.attributes(), labels).ok()?;
            written.add(read.kind, point, &labels, set)
        };
        let lost = points.iter().filter(|point| add(point).is_none());
        lost.count() as u64
    }

    /// The labels of a point: its attributes made legal, those that become the same name joined, and what all points
    /// of its scope have over them.
    fn labels<'a>(
        &self,
        attributes: impl Iterator<Item = Attribute<'a>>,
        common: &Common,
    ) -> Result<Vec<Label>, Nameless> {
        let mut pairs: Vec<(String, String)> = attributes
            .filter(|attribute| !common.resource.iter().any(|(key, _)| key == attribute.key))
            .map(|attribute| (attribute.key.to_owned(), text(&attribute.value)))
            .collect();
        pairs.extend(common.resource.iter().cloned());
        joined(&self.external, pairs, &common.over, |name| {
            self.namer.label(name)
        })
    }

    /// Adds the series that carries a resource's other attributes, at the time of its newest point.
    fn target(
        &self,
        resource: &Resource<'_>,
        identity: &Identity,
        newest: i64,
        set: &mut SeriesSet,
    ) {
        let identifying = identity.labels();
        let others = || {
            resource
                .resource_attributes()
                .filter(|attribute| !IDENTITY.contains(&attribute.key))
        };
        if !self.target_info || newest == 0 || others().next().is_none() {
            return;
        }
        let pairs = others()
            .map(|attribute| (attribute.key.to_owned(), text(&attribute.value)))
            .collect();
        let labels = match self.version {
            Version::One => joined(&self.external, pairs, &identifying, target_label),
            Version::Two => joined(&self.external, pairs, &identifying, |name| {
                self.namer.label(name)
            }),
        };
        let Ok(labels) = labels else { return };
        if !labels.iter().any(|label| is_identity(&label.name)) {
            return;
        }
        let name = match self.namer.namespace.as_str() {
            "" => "target_info".to_owned(),
            namespace => format!("{namespace}_target_info"),
        };
        let metadata = Metadata {
            kind: MetricType::Gauge,
            help: "Target metadata".to_owned(),
            unit: String::new(),
        };
        set.of(named(&labels, &name, None), &metadata)
            .samples
            .push(Sample {
                value: 1.0,
                time: newest,
                start: 0,
            });
    }
}
