//! Which samples does a data point give to which series?

use super::{
    labels::named,
    native,
    point::{Kind, Measured, Point},
    series::{Exemplar, Label, Metadata, Sample, SeriesSet},
};
use crate::text::{decimal, hex, text};

/// The bits of the number with which Prometheus marks the end of a series.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;
/// `OpenMetrics` allows an exemplar's labels so many characters.
const EXEMPLAR_CHARACTERS: usize = 128;

/// The metric whose points are written.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) metadata: Metadata,
    pub(super) counts: Counts,
    pub(super) exemplars: Exemplars,
}

/// Whether a number counts since a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    SinceStart,
    No,
}

/// Whether the exemplars of numbers are written: version 1 has those of counters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exemplars {
    Keep,
    Drop,
}

impl Written {
    /// Adds a point with these labels: none if Prometheus has nothing like it.
    pub(super) fn add(
        &self,
        kind: Kind,
        point: &Point<'_>,
        labels: &[Label],
        set: &mut SeriesSet,
    ) -> Option<()> {
        match kind {
            Kind::Number => self.number(point, labels, set),
            Kind::Histogram => self.classic(point, labels, set),
            Kind::Summary => self.summary(point, labels, set),
            Kind::Exponential => {
                let histogram = native::histogram(point)?;
                let series = set.of(named(labels, &self.name, None), &self.metadata);
                series.histograms.push(histogram);
                series.exemplars.extend(exemplars(point));
            }
        }
        Some(())
    }

    fn number(&self, point: &Point<'_>, labels: &[Label], set: &mut SeriesSet) {
        let series = set.of(named(labels, &self.name, None), &self.metadata);
        series.samples.push(sample(point, point.value, self.counts));
        if self.exemplars == Exemplars::Keep {
            series.exemplars.extend(exemplars(point));
        }
    }

    fn classic(&self, point: &Point<'_>, labels: &[Label], set: &mut SeriesSet) {
        let mut put = |end: &str, bound: Option<&str>, value: f64| {
            let name = format!("{}{end}", self.name);
            let labels = named(labels, &name, bound.map(|bound| ("le", bound)));
            let series = set.of(labels, &self.metadata);
            series
                .samples
                .push(sample(point, value, Counts::SinceStart));
        };
        if let Some(sum) = point.sum {
            put("_sum", None, sum);
        }
        put("_count", None, float(point.count));
        let mut below = 0u64;
        for (bound, count) in point.bounds.iter().zip(&point.bucket_counts) {
            below = below.saturating_add(*count);
            put("_bucket", Some(&decimal(*bound)), float(below));
        }
        put("_bucket", Some("+Inf"), float(point.count));
        self.place_exemplars(point, labels, set);
    }

    /// Gives each exemplar to the lowest bucket that it is in.
    fn place_exemplars(&self, point: &Point<'_>, labels: &[Label], set: &mut SeriesSet) {
        let mut bounds = point.bounds.clone();
        bounds.truncate(point.bucket_counts.len());
        bounds.sort_by(f64::total_cmp);
        let name = format!("{}_bucket", self.name);
        for exemplar in exemplars(point) {
            let bound = bounds
                .iter()
                .copied()
                .find(|bound| exemplar.value <= *bound);
            let bound = decimal(bound.unwrap_or(f64::INFINITY));
            let labels = named(labels, &name, Some(("le", &bound)));
            set.of(labels, &self.metadata).exemplars.push(exemplar);
        }
    }

    fn summary(&self, point: &Point<'_>, labels: &[Label], set: &mut SeriesSet) {
        let mut put = |end: &str, quantile: Option<&str>, value: f64, counts: Counts| {
            let name = format!("{}{end}", self.name);
            let labels = named(
                labels,
                &name,
                quantile.map(|quantile| ("quantile", quantile)),
            );
            let series = set.of(labels, &self.metadata);
            series.samples.push(sample(point, value, counts));
        };
        put("_sum", None, point.sum.unwrap_or(0.0), Counts::SinceStart);
        put("_count", None, float(point.count), Counts::SinceStart);
        for (quantile, value) in &point.quantiles {
            put("", Some(&decimal(*quantile)), *value, Counts::No);
        }
    }
}

fn sample(point: &Point<'_>, value: f64, counts: Counts) -> Sample {
    Sample {
        value: if point.stale {
            f64::from_bits(STALE)
        } else {
            value
        },
        time: point.time,
        start: if counts == Counts::SinceStart {
            point.start
        } else {
            0
        },
    }
}

fn exemplars<'a>(point: &Point<'a>) -> impl Iterator<Item = Exemplar> + use<'a> {
    let messages = point.exemplars();
    messages.map(|message| exemplar(&Measured::read(message)))
}

fn exemplar(measured: &Measured<'_>) -> Exemplar {
    let mut labels = Vec::new();
    for (name, id) in [
        ("trace_id", measured.trace_id),
        ("span_id", measured.span_id),
    ] {
        if id.iter().any(|byte| *byte != 0) {
            labels.push(label(name, hex(id)));
        }
    }
    let ids = labels.len();
    for (key, value) in measured.attributes() {
        if !labels[..ids].iter().any(|label| label.name == key) {
            labels.push(label(key, text(&value)));
        }
    }
    let characters = |label: &Label| label.name.chars().count() + label.value.chars().count();
    if labels.iter().map(characters).sum::<usize>() > EXEMPLAR_CHARACTERS {
        labels.truncate(ids);
    }
    labels.sort();
    Exemplar {
        labels,
        value: measured.value,
        time: measured.time,
    }
}

fn label(name: &str, value: String) -> Label {
    Label {
        name: name.to_owned(),
        value,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus has nothing but doubles"
)]
fn float(count: u64) -> f64 {
    count as f64
}
