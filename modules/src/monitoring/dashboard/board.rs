//! What is on a dashboard, and where?

use serde_json::json;

use super::model::{
    Answers, Asked, Choice, Current, Custom, Datasource, Field, FieldConfig, Legend, Lines, Link,
    List, Mode, Model, Number, Place, Placed, Reduce, SCHEMA, Shows, Span, Step, Target,
    Thresholds, Tooltip, Variable, WIDTH,
};
use crate::grafana::{Dashboard, Folder};

/// A dashboard that is put together.
#[derive(Clone, Debug)]
pub(super) struct Board {
    pub(super) folder: Folder,
    /// It never changes: links and what people have marked lead to it.
    pub(super) uid: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) variables: Vec<Variable>,
    pub(super) rows: Vec<Row>,
}

/// Panels with a heading.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) panels: Vec<Panel>,
}

/// One picture.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    look: Look,
    title: &'static str,
    unit: Unit,
    about: &'static str,
    targets: Vec<Target>,
    steps: Vec<Step>,
    links: Vec<Link>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Graph,
    Number,
}

/// What numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    /// Things in a second.
    PerSecond,
    Bytes,
    BytesPerSecond,
    Seconds,
    Milliseconds,
    /// From nothing, 0, to everything, 1.
    Share,
    /// From nothing, 0, to everything, 100.
    Percent,
    /// Processors that are busy.
    Cores,
    /// So many times as much.
    Times,
}

impl Unit {
    /// As Grafana calls it.
    fn id(self) -> &'static str {
        match self {
            Unit::Count => "short",
            Unit::PerSecond => "cps",
            Unit::Bytes => "bytes",
            Unit::BytesPerSecond => "Bps",
            Unit::Seconds => "s",
            Unit::Milliseconds => "ms",
            Unit::Share | Unit::Times => "percentunit",
            Unit::Percent => "percent",
            Unit::Cores => "sishort",
        }
    }

    fn most(self) -> Option<u32> {
        match self {
            Unit::Share => Some(1),
            Unit::Percent => Some(100),
            _ => None,
        }
    }
}

impl Panel {
    fn new(look: Look, title: &'static str, unit: Unit, about: &'static str) -> Self {
        Self {
            look,
            title,
            unit,
            about,
            targets: Vec::new(),
            steps: vec![Step {
                color: "green",
                value: None,
            }],
            links: Vec::new(),
        }
    }

    /// Lines over time.
    pub(super) fn graph(title: &'static str, unit: Unit, about: &'static str) -> Self {
        Self::new(Look::Graph, title, unit, about)
    }

    /// What it is now.
    pub(super) fn number(title: &'static str, unit: Unit, about: &'static str) -> Self {
        Self::new(Look::Number, title, unit, about)
    }

    /// Asks for that; each series is called so, with labels as `{{pod}}`.
    pub(super) fn ask(mut self, legend: &'static str, expr: String) -> Self {
        let refs = 'A'..='Z';
        let ref_id = refs.into_iter().nth(self.targets.len()).unwrap_or('Z');
        self.targets.push(Target {
            ref_id,
            expr,
            legend_format: legend,
            exemplar: false,
        });
        self
    }

    /// Shows spans that stand for values, and leads to the traces of what is clicked, if anybody keeps traces.
    pub(super) fn lead_to(mut self, link: Option<Link>) -> Self {
        if let Some(link) = link {
            for target in &mut self.targets {
                target.exemplar = true;
            }
            self.links.push(link);
        }
        self
    }

    /// From here on somebody should look.
    pub(super) fn worrying(self, from: f64) -> Self {
        self.step("orange", from)
    }

    /// From here on something is wrong.
    pub(super) fn bad(self, from: f64) -> Self {
        self.step("red", from)
    }

    /// It is wrong below that.
    pub(super) fn bad_below(mut self, value: f64) -> Self {
        self.steps[0].color = "red";
        self.step("green", value)
    }

    fn step(mut self, color: &'static str, from: f64) -> Self {
        let value = Some(from);
        self.steps.push(Step { color, value });
        self
    }

    fn size(&self, graphs: usize) -> (u32, u32) {
        match self.look {
            Look::Number => (WIDTH / 6, 4),
            Look::Graph if graphs.is_multiple_of(3) => (WIDTH / 3, 8),
            Look::Graph => (WIDTH / 2, 8),
        }
    }

    fn shows(self) -> Shows {
        let style = if self.steps.len() > 1 { "line" } else { "off" };
        let field_config = FieldConfig {
            defaults: Field {
                unit: self.unit.id(),
                min: 0,
                max: self.unit.most(),
                thresholds: Thresholds {
                    mode: "absolute",
                    steps: self.steps,
                },
                custom: Custom {
                    fill_opacity: 10,
                    show_points: "never",
                    thresholds_style: Mode { mode: style },
                },
                links: self.links,
            },
            overrides: [],
        };
        let (description, targets) = (self.about, self.targets);
        let datasource = Datasource::CHOSEN;
        match self.look {
            Look::Graph => Shows::TimeSeries(Asked {
                description,
                datasource,
                targets,
                field_config,
                options: Lines::USUAL,
            }),
            Look::Number => Shows::Stat(Asked {
                description,
                datasource,
                targets,
                field_config,
                options: Number::USUAL,
            }),
        }
    }
}

impl Lines {
    const USUAL: Self = Self {
        legend: Legend {
            display_mode: "table",
            placement: "bottom",
            shown: true,
            calcs: ["lastNotNull", "max"],
        },
        tooltip: Tooltip {
            mode: "multi",
            sort: "desc",
        },
    };
}

impl Number {
    const USUAL: Self = Self {
        color_mode: "value",
        graph_mode: "area",
        reduce_options: Reduce {
            calcs: ["lastNotNull"],
            fields: "",
            values: false,
        },
    };
}

impl Variable {
    /// The programs that are there.
    pub(super) fn jobs(jobs: &[&str]) -> Self {
        Self::Custom(Choice {
            name: "job",
            label: "Program",
            query: jobs.join(","),
            multi: true,
            include_all: true,
            current: Current::ALL,
        })
    }

    /// The values that a label has in some series.
    pub(super) fn values(name: &'static str, title: &'static str, of: &str, label: &str) -> Self {
        Self::Query(Answers {
            name,
            label: title,
            datasource: Datasource::CHOSEN,
            query: format!("label_values({of}, {label})"),
            refresh: 2,
            multi: true,
            include_all: true,
            all_value: ".*",
            current: Current::ALL,
        })
    }
}

impl Board {
    /// As it is announced.
    pub(super) fn build(self) -> Dashboard {
        let source = Variable::Datasource {
            name: "datasource",
            label: "Metrics",
            query: "prometheus",
        };
        let model = Model {
            description: self.about,
            tags: vec!["otelier"],
            schema_version: SCHEMA,
            editable: false,
            graph_tooltip: 1,
            timezone: "browser",
            refresh: "30s",
            time: Span {
                from: "now-3h",
                to: "now",
            },
            templating: List {
                list: [vec![source], self.variables].concat(),
            },
            panels: place(self.rows),
        };
        Dashboard::new(self.folder, self.uid, self.title, json!(model))
    }
}

/// From left to right and on to the next line, each heading on a line of its own.
fn place(rows: Vec<Row>) -> Vec<Placed> {
    let mut placed = Vec::new();
    let mut y = 0;
    let mut put = |title, shows, grid_pos| {
        let id = u32::try_from(placed.len()).map_or(u32::MAX, |count| count + 1);
        placed.push(Placed {
            id,
            title,
            grid_pos,
            shows,
        });
    };
    for row in rows {
        let heading = Shows::Row {
            collapsed: false,
            panels: [],
        };
        let (w, h) = (WIDTH, 1);
        put(row.title, heading, Place { x: 0, y, w, h });
        y += h;
        let graphs = row.panels.iter().filter(|one| one.look == Look::Graph);
        let graphs = graphs.count();
        let (mut x, mut tallest) = (0, 0);
        for panel in row.panels {
            let (w, h) = panel.size(graphs);
            // Numbers stand on a line of their own.
            if x + w > WIDTH || (x > 0 && h != tallest) {
                (x, y) = (0, y + tallest);
            }
            put(panel.title, panel.shows(), Place { x, y, w, h });
            (x, tallest) = (x + w, h);
        }
        y += tallest;
    }
    placed
}
