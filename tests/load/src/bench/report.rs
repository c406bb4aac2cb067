//! How are figures told? A table for people with medians and spreads, and everything in JSON.

use std::fmt::Write as _;

use super::{run::Measured, scenario::Scenario};

/// The runs of one peer in one scenario.
pub struct Row<'a> {
    /// Its runs.
    pub runs: Vec<&'a Measured>,
}

impl Row<'_> {
    /// The median of a figure, with the least and the most.
    pub fn median(&self, figure: impl Fn(&Measured) -> f64) -> (f64, f64, f64) {
        let mut values: Vec<f64> = self.runs.iter().map(|run| figure(run)).collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().saturating_sub(1);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        (
            f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            at(0),
            at(last),
        )
    }

    /// The median alone.
    pub fn middle(&self, figure: impl Fn(&Measured) -> f64) -> f64 {
        self.median(figure).0
    }

    fn all(&self, figure: impl Fn(&Measured) -> u64) -> u64 {
        self.runs.iter().map(|run| figure(run)).sum()
    }

    fn most(&self, figure: impl Fn(&Measured) -> u64) -> u64 {
        self.runs
            .iter()
            .map(|run| figure(run))
            .max()
            .unwrap_or_default()
    }
}

/// The runs of a scenario, peer by peer in the order in which they first ran.
pub fn rows<'a>(runs: &'a [Measured], scenario: &Scenario) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for run in runs.iter().filter(|run| run.scenario == scenario.name) {
        match rows.iter_mut().find(|row| row.runs[0].peer == run.peer) {
            Some(row) => row.runs.push(run),
            None => rows.push(Row { runs: vec![run] }),
        }
    }
    rows
}

/// All scenarios as Markdown.
pub fn markdown(runs: &[Measured], scenarios: &[Scenario]) -> String {
    let mut out = String::new();
    for scenario in scenarios {
        let rows = rows(runs, scenario);
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "### {}\n\n`{}`: {} spans in a request, {} of each.\n\n\
             | | CPU-s per million spans | busy | spans/s | RSS idle, peak (MiB) | acknowledged p50 / p99 / p99.9 (ms) | \
             delivered p50 / p99 / p99.9 (ms) | B/span in, out | acknowledged, delivered | lost or wrong | twice | refused |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|",
            scenario.title,
            scenario.name,
            scenario.spans,
            times(&rows),
        );
        let base = rows
            .iter()
            .find(|row| row.runs[0].peer == "collector")
            .map(|row| row.middle(|run| run.cpu.unwrap_or(f64::NAN)));
        for row in &rows {
            out.push_str(&line(row, base));
        }
        out.push('\n');
    }
    out
}

/// How many runs stand behind a table.
fn times(rows: &[Row<'_>]) -> String {
    match rows.iter().map(|row| row.runs.len()).min() {
        Some(1) => "one run".into(),
        times => format!("{} runs", times.unwrap_or_default()),
    }
}

fn line(row: &Row<'_>, base: Option<f64>) -> String {
    let or_nan = |figure: Option<f64>| figure.unwrap_or(f64::NAN);
    let (cpu, least, most) = row.median(|run| or_nan(run.cpu));
    let cost = if cpu.is_nan() {
        let ours = row.middle(|run| run.ours);
        format!("– ({ours:.2} for generator and sink)")
    } else {
        let ratio = base.filter(|base| (base - cpu).abs() > f64::EPSILON && !base.is_nan());
        let ratio = ratio.map_or_else(String::new, |base| format!(", 1/{:.1}", base / cpu));
        format!("**{cpu:.2}** ({least:.2}–{most:.2}{ratio})")
    };
    let number = |value: f64, digits: usize| {
        if value.is_nan() {
            "–".into()
        } else {
            format!("{value:.digits$}")
        }
    };
    let times = |of: fn(&Measured) -> [f64; 3]| {
        [0, 1, 2]
            .map(|n| number(row.middle(|run| of(run)[n]), 2))
            .join(" / ")
    };
    let percent = row.middle(|run| or_nan(run.busy) * 100.0);
    format!(
        "| {} | {cost} | {} | {:.0} | {}, {} | {} | {} | {:.0}, {:.0} | {}, {} | {} | {} | {} |\n",
        row.runs[0].peer,
        if percent.is_nan() {
            "–".into()
        } else {
            format!("{percent:.0} %")
        },
        row.middle(|run| run.rate),
        number(row.middle(|run| or_nan(run.idle)), 1),
        number(row.middle(|run| or_nan(run.peak)), 1),
        times(|run| run.acknowledgement),
        times(|run| run.delivery),
        row.middle(|run| run.bytes_in),
        row.middle(|run| run.bytes_out),
        row.all(|run| run.verdict.acknowledged),
        row.all(|run| run.verdict.delivered),
        row.most(|run| run.verdict.wrong()),
        row.most(|run| run.verdict.duplicates),
        row.most(|run| run.sent.refused.values().sum()),
    )
}
