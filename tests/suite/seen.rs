//! Does every question of the stack's dashboards and rules name metrics that a real program showed?

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fs,
    path::Path,
};

use modules::{Grafana, protocol::PromQl};
use promql_parser::{
    parser::{self, Expr},
    util::{ExprVisitor, walk_expr},
};
use provider::{Endpoint, Scope, Stack};
use serde_json::Value;

use crate::alerts;

/// One of everything, and a Grafana that looks at it.
fn looked_at(stack: &mut Scope<'_>) {
    alerts::everything(stack);
    let metrics = Endpoint::<PromQl>::outside("metrics.example", 443);
    stack.add(Grafana::new("grafana").source(&metrics));
}

/// The dashboards of that stack, by their files.
pub(crate) fn dashboards() -> BTreeMap<String, Value> {
    let graph = Stack::new("all", looked_at)
        .graph()
        .unwrap_or_else(|findings| panic!("{findings}"));
    let files = graph.resources().filter(|resource| {
        resource.id.kind == "ConfigMap" && resource.id.name.starts_with("grafana-dashboards")
    });
    let files = files.flat_map(|resource| {
        let data = resource.object["data"].as_object().unwrap();
        data.clone().into_iter()
    });
    files
        .map(|(name, text)| (name, serde_json::from_str(text.as_str().unwrap()).unwrap()))
        .collect()
}

/// What Prometheus makes itself.
const ITS_OWN: [&str; 2] = ["up", "ALERTS"];

/// The metrics that an expression names.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl ExprVisitor for Names {
    type Error = Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
        let selector = match expr {
            Expr::VectorSelector(selector) => Some(selector),
            Expr::MatrixSelector(selector) => Some(&selector.vs),
            _ => None,
        };
        self.0.extend(selector.map(|selector| {
            let name = selector.name.clone();
            name.unwrap_or_else(|| panic!("{expr} names no metric"))
        }));
        Ok(true)
    }
}

/// The metrics that a question names.
pub(crate) fn names(question: &str) -> BTreeSet<String> {
    // Grafana puts a duration there, and chosen values where a string holds a variable.
    let question = question.replace("$__rate_interval", "5m");
    let expr = parser::parse(&question).unwrap_or_else(|error| panic!("{question}: {error}"));
    let mut names = Names::default();
    walk_expr(&mut names, &expr).unwrap();
    names.0
}

/// Every name that was seen; a histogram and a summary have several series.
fn seen() -> BTreeSet<String> {
    let mut seen: BTreeSet<String> = ITS_OWN.map(str::to_owned).into();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seen");
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let mut words = line.split(' ');
            let (name, kind) = (words.next().unwrap(), words.next().unwrap());
            let suffixes: &[&str] = match kind {
                "histogram" => &["_bucket", "_sum", "_count"],
                "summary" => &["", "_sum", "_count"],
                _ => &[""],
            };
            seen.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
        }
    }
    seen
}

/// All names that are asked for and that nobody saw.
fn unseen(questions: &[String]) -> Vec<String> {
    let seen = seen();
    let asked: BTreeSet<String> = questions.iter().flat_map(|one| names(one)).collect();
    asked.difference(&seen).cloned().collect()
}

/// What dashboards ask, with what their variables are made of.
pub(crate) fn questions(dashboard: &Value) -> Vec<String> {
    let list = |at: &Value| at.as_array().cloned().unwrap_or_default();
    let panels = list(&dashboard["panels"]);
    let targets = panels.iter().flat_map(|panel| list(&panel["targets"]));
    let asked = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let variables = list(&dashboard["templating"]["list"]);
    let variables = variables.iter().filter_map(|variable| {
        let query = variable["query"].as_str()?;
        let values = query.strip_prefix("label_values(")?.strip_suffix(')')?;
        Some(values.rsplit_once(", ")?.0.to_owned())
    });
    asked.chain(variables).collect()
}

#[test]
fn dashboards_ask_for_what_a_real_program_showed() {
    let mut asked = 0;
    for (file, dashboard) in dashboards() {
        let questions = questions(&dashboard);
        assert!(!questions.is_empty(), "{file}");
        asked += questions.len();
        let unseen = unseen(&questions);
        assert!(unseen.is_empty(), "{file} asks for {unseen:?}");
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn rules_ask_for_what_a_real_program_showed() {
    let files = alerts::rule_files().into_iter();
    for (file, text) in files.chain(alerts::scaling_files()) {
        let rules: Value = serde_saphyr::from_str(&text).unwrap();
        let groups = rules["groups"].as_array().unwrap();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        let questions: Vec<String> = rules
            .map(|rule| rule["expr"].as_str().unwrap().to_owned())
            .collect();
        assert!(!questions.is_empty(), "{file}");
        let unseen = unseen(&questions);
        assert!(unseen.is_empty(), "{file} asks for {unseen:?}");
    }
}

#[test]
fn names_are_found_wherever_they_stand() {
    let question = "histogram_quantile(0.9, sum by (le) (rate(a_bucket{job=~\"$job\"}[$__rate_interval]))) \
                    / on (job) (b > 0) or absent(c{x=\"d\"}) unless max_over_time(e[1h:1m])";
    let expected = ["a_bucket", "b", "c", "e"].map(str::to_owned);
    assert_eq!(names(question), expected.into());
    let made_up = ["up + otelcol_made_up_total".to_owned()];
    assert_eq!(unseen(&made_up), ["otelcol_made_up_total"]);
}

#[test]
fn dashboards_have_a_place_for_each_panel_and_say_what_it_shows() {
    for (file, dashboard) in dashboards() {
        let text = |at: &Value| !at.as_str().unwrap_or_default().is_empty();
        assert!(
            text(&dashboard["title"]) && text(&dashboard["description"]),
            "{file}"
        );
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{file}: {panel}");
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{file}: {panel}");
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(cells.insert(cell), "{file}: {panel} lies on another");
            }
            assert!(text(&panel["title"]), "{file}: {panel}");
            if panel["type"] != "row" {
                let defaults = &panel["fieldConfig"]["defaults"];
                assert!(
                    text(&panel["description"]) && text(&defaults["unit"]),
                    "{file}: {panel}"
                );
                assert_eq!(panel["datasource"]["uid"], "${datasource}");
                assert_rising(&defaults["thresholds"]["steps"]);
            }
        }
    }
}

/// The variables that a text names, as `$name` or `${name:format}`; not those that Grafana has itself.
fn named(text: &str) -> BTreeSet<String> {
    let parts = text.split('$').skip(1);
    let names = parts.map(|part| {
        let part = part.strip_prefix('{').unwrap_or(part);
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        part[..end.unwrap_or(part.len())].to_owned()
    });
    names.filter(|name| !name.starts_with("__")).collect()
}

#[test]
fn dashboards_define_the_variables_that_they_name_and_name_those_that_they_define() {
    for (file, dashboard) in dashboards() {
        let list = dashboard["templating"]["list"].as_array().unwrap();
        let mut defined = BTreeSet::new();
        let mut used = named(&dashboard["panels"].to_string());
        for variable in list {
            // One is asked for with the help of those before it.
            let asked = named(&variable.to_string());
            assert!(asked.is_subset(&defined), "{file}: {variable}");
            used.extend(asked);
            let name = variable["name"].as_str().unwrap();
            assert!(defined.insert(name.to_owned()), "{file}: {name} twice");
        }
        assert_eq!(used, defined, "{file}");
    }
    let text = "a{x=~\"$b\",y=\"${c:d}\"}[$__e] ${__f.g}";
    assert_eq!(named(text), ["b", "c"].map(str::to_owned).into());
}

/// Colours begin anywhere and change at higher and higher values.
fn assert_rising(steps: &Value) {
    let steps = steps.as_array().unwrap();
    assert!(steps[0]["value"].is_null());
    let values: Vec<f64> = steps[1..]
        .iter()
        .map(|step| step["value"].as_f64().unwrap())
        .collect();
    assert!(values.is_sorted(), "{values:?}");
}

#[test]
fn every_kind_of_program_has_its_dashboards_under_names_that_never_change() {
    let names: Vec<_> = dashboards().into_keys().collect();
    let expected = [
        "otelier-alertmanager.json",
        "otelier-collector-flow.json",
        "otelier-collector-health.json",
        "otelier-elasticsearch.json",
        "otelier-jaeger.json",
        "otelier-kubernetes.json",
        "otelier-loki.json",
        "otelier-prometheus.json",
        "otelier-requests.json",
        "otelier-sampling.json",
    ];
    assert_eq!(names, expected);
}
