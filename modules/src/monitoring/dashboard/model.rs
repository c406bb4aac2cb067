//! How does Grafana read a dashboard?
//!
//! Its classic model, as files that are provisioned have it; what is left to Grafana's own defaults is not written.

use serde::Serialize;

/// The schema that Grafana 13 brings older ones to.
pub(super) const SCHEMA: u32 = 42;
/// How wide a dashboard is.
pub(super) const WIDTH: u32 = 24;

/// A dashboard.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) description: &'static str,
    pub(super) tags: Vec<&'static str>,
    pub(super) schema_version: u32,
    /// It comes from a definition, and what people change would be gone.
    pub(super) editable: bool,
    /// One cross hair for all panels.
    pub(super) graph_tooltip: u32,
    pub(super) timezone: &'static str,
    pub(super) refresh: &'static str,
    pub(super) time: Span,
    pub(super) templating: List,
    pub(super) panels: Vec<Placed>,
}

/// What it shows at first.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Span {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

/// Its variables.
#[derive(Clone, Debug, Serialize)]
pub(super) struct List {
    pub(super) list: Vec<Variable>,
}

/// Something that is chosen above all panels.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Variable {
    /// Which of the sources of that kind is asked.
    Datasource {
        name: &'static str,
        label: &'static str,
        query: &'static str,
    },
    /// Some of these.
    Custom(Choice),
    /// Some of what the source answers.
    Query(Answers),
}

/// What can be chosen, all of it at first.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) query: String,
    pub(super) multi: bool,
    pub(super) include_all: bool,
    pub(super) current: Current,
}

/// The values of a label, all of them at first.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answers {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) datasource: Datasource,
    /// `label_values(series, label)`.
    pub(super) query: String,
    /// Asked again whenever other times are shown.
    pub(super) refresh: u32,
    pub(super) multi: bool,
    pub(super) include_all: bool,
    /// What stands for all: not each of them, which may be thousands.
    pub(super) all_value: &'static str,
    pub(super) current: Current,
}

/// What is chosen.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Current {
    pub(super) text: [&'static str; 1],
    pub(super) value: [&'static str; 1],
}

/// Who is asked.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Datasource {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'static str,
}

/// A panel at its place.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    pub(super) id: u32,
    pub(super) title: &'static str,
    pub(super) grid_pos: Place,
    #[serde(flatten)]
    pub(super) shows: Shows,
}

/// Where it is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Place {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) w: u32,
    pub(super) h: u32,
}

/// What it is.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Shows {
    /// A heading.
    Row { collapsed: bool, panels: [(); 0] },
    /// Lines over time.
    TimeSeries(Asked<Lines>),
    /// What it is now.
    Stat(Asked<Number>),
}

/// What every panel has that asks for something.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked<O> {
    pub(super) description: &'static str,
    pub(super) datasource: Datasource,
    pub(super) targets: Vec<Target>,
    pub(super) field_config: FieldConfig,
    pub(super) options: O,
}

/// A question.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) ref_id: char,
    pub(super) expr: String,
    pub(super) legend_format: &'static str,
    /// Whether spans that stand for values are shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) exemplar: bool,
}

/// Where a click on a value leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) title: &'static str,
    pub(super) url: String,
    pub(super) target_blank: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct FieldConfig {
    pub(super) defaults: Field,
    pub(super) overrides: [(); 0],
}

/// How values are written and judged.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Field {
    pub(super) unit: &'static str,
    pub(super) min: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u32>,
    pub(super) thresholds: Thresholds,
    pub(super) custom: Custom,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Thresholds {
    pub(super) mode: &'static str,
    pub(super) steps: Vec<Step>,
}

/// From which value on something has a colour; the first from anywhere.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Step {
    pub(super) color: &'static str,
    pub(super) value: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Custom {
    pub(super) fill_opacity: u32,
    pub(super) show_points: &'static str,
    pub(super) thresholds_style: Mode,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Mode {
    pub(super) mode: &'static str,
}

/// How lines are named.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lines {
    pub(super) legend: Legend,
    pub(super) tooltip: Tooltip,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Legend {
    pub(super) display_mode: &'static str,
    pub(super) placement: &'static str,
    #[serde(rename = "showLegend")]
    pub(super) shown: bool,
    pub(super) calcs: [&'static str; 2],
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Tooltip {
    pub(super) mode: &'static str,
    pub(super) sort: &'static str,
}

/// How a number is shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Number {
    pub(super) color_mode: &'static str,
    pub(super) graph_mode: &'static str,
    pub(super) reduce_options: Reduce,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Reduce {
    pub(super) calcs: [&'static str; 1],
    pub(super) fields: &'static str,
    pub(super) values: bool,
}

impl Datasource {
    /// The one that is chosen above.
    pub(super) const CHOSEN: Self = Self {
        kind: "prometheus",
        uid: "${datasource}",
    };
}

impl Current {
    /// Everything.
    pub(super) const ALL: Self = Self {
        text: ["All"],
        value: ["$__all"],
    };
}
