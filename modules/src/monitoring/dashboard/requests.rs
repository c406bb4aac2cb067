//! How many calls does each service get, how many of them fail, and how long do they take?

use std::collections::BTreeSet;

use super::{
    board::{Board, Panel, Row, Unit},
    explore::{Known, Traces},
    model::Variable,
};
use crate::{collector::self_metrics::spans, grafana::Folder, made::Made};

/// Calls that come from outside of a service, in place of those that it makes itself.
const INCOMING: &str = "span_kind=~\"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER\"";
/// What was chosen above.
const CHOSEN: &str = "service_name=~\"$service\"";
const CHOSEN_SPANS: &str = "service_name=~\"$service\",span_name=~\"$span\"";
const FAILED: &str = "status_code=\"STATUS_CODE_ERROR\"";
/// As far back as a rate looks.
const RANGE: &str = "$__rate_interval";
/// More lines than that are no picture.
const LINES: u32 = 20;

/// Rate, errors and duration of what services do, as it was counted of their spans.
pub(super) fn requests(made: &BTreeSet<Made>, traces: Option<&Traces>) -> Option<Board> {
    let calls = spans::CALLS;
    made.contains(&Made::Calls).then(|| Board {
        folder: Folder::Services,
        uid: "otelier-requests",
        title: "Services: rate, errors, duration",
        about: "How many calls each service and each of its operations get, how many of them fail, how long they take, \
                and who calls whom: counted of all spans, before any trace is left out.",
        variables: vec![
            Variable::values("service", "Service", calls, "service_name"),
            Variable::values("span", "Operation", &format!("{calls}{{{CHOSEN}}}"), "span_name"),
        ],
        rows: vec![at_once(), services(traces), operations(traces), between()],
    })
}

/// Calls in a second that match.
fn rate(by: &str, selector: &str) -> String {
    summed(by, &format!("{}{{{selector}}}", spans::CALLS))
}

fn summed(by: &str, series: &str) -> String {
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(" by ({by})")
    };
    format!("sum{by} (rate({series}[{RANGE}]))")
}

/// Which part of them fails.
fn failing(by: &str, selector: &str) -> String {
    let (failed, all) = (
        rate(by, &format!("{selector},{FAILED}")),
        rate(by, selector),
    );
    // Where none failed yet, there is no series of those that did.
    format!("({failed} or 0 * {all}) / ({all} > 0)")
}

/// What so many of them stay below.
fn duration(of: &str, by: &str, selector: &str) -> String {
    let by = if by.is_empty() {
        "le".to_owned()
    } else {
        format!("{by}, le")
    };
    let buckets = summed(&by, &format!("{}_bucket{{{selector}}}", spans::DURATION));
    format!("histogram_quantile({of}, {buckets})")
}

/// The highest of them.
fn highest(expr: &str) -> String {
    format!("topk({LINES}, {expr})")
}

fn at_once() -> Row {
    let incoming = format!("{CHOSEN},{INCOMING}");
    Row {
        title: "At once",
        panels: vec![
            Panel::number("Calls", Unit::PerSecond, "Calls of the chosen services.")
                .ask("", rate("", &incoming)),
            Panel::number("Failed", Unit::Share, "Which part of them failed.")
                .ask("", failing("", &incoming))
                .worrying(0.01)
                .bad(0.05),
            Panel::number("Duration", Unit::Milliseconds, "What 95 of 100 stay below.")
                .ask("", duration("0.95", "", &incoming)),
        ],
    }
}

fn services(traces: Option<&Traces>) -> Row {
    let incoming = format!("{CHOSEN},{INCOMING}");
    let link = || traces.map(|traces| traces.of(Known::Service));
    let by = "service_name";
    Row {
        title: "Services",
        panels: vec![
            Panel::graph("Rate", Unit::PerSecond, "Calls that each service gets.")
                .ask("{{service_name}}", highest(&rate(by, &incoming)))
                .lead_to(link()),
            Panel::graph("Errors", Unit::Share, "Which part of them fails.")
                .ask("{{service_name}}", highest(&failing(by, &incoming)))
                .worrying(0.01)
                .bad(0.05)
                .lead_to(link()),
            Panel::graph("Duration", Unit::Milliseconds, "What 95 of 100 stay below.")
                .ask(
                    "{{service_name}}",
                    highest(&duration("0.95", by, &incoming)),
                )
                .lead_to(link()),
        ],
    }
}

fn operations(traces: Option<&Traces>) -> Row {
    let link = || traces.map(|traces| traces.of(Known::Span));
    let by = "service_name, span_name";
    Row {
        title: "Operations",
        panels: vec![
            Panel::graph(
                "Rate by operation",
                Unit::PerSecond,
                "How often each does what, calls of its own among it.",
            )
            .ask(
                "{{service_name}} {{span_name}}",
                highest(&rate(by, CHOSEN_SPANS)),
            )
            .lead_to(link()),
            Panel::graph(
                "Errors by operation",
                Unit::Share,
                "Which part of them fails.",
            )
            .ask(
                "{{service_name}} {{span_name}}",
                highest(&failing(by, CHOSEN_SPANS)),
            )
            .worrying(0.01)
            .bad(0.05)
            .lead_to(link()),
            Panel::graph(
                "Duration by operation",
                Unit::Milliseconds,
                "What half of them and what 99 of 100 stay below.",
            )
            .ask(
                "99 % {{service_name}} {{span_name}}",
                highest(&duration("0.99", by, CHOSEN_SPANS)),
            )
            .ask(
                "50 % {{service_name}} {{span_name}}",
                highest(&duration("0.5", by, CHOSEN_SPANS)),
            )
            .lead_to(link()),
        ],
    }
}

fn between() -> Row {
    let calls = |metric: &str| {
        format!("sum by (client, server) (rate({metric}{{server=~\"$service\"}}[{RANGE}]))")
    };
    let all = calls(spans::REQUESTS);
    let failed = calls(spans::FAILED_REQUESTS);
    let took = format!(
        "histogram_quantile(0.95, sum by (client, server, le) (rate({}_bucket{{server=~\"$service\"}}[{RANGE}])))",
        spans::CLIENT_SECONDS
    );
    Row {
        title: "Who calls whom",
        panels: vec![
            Panel::graph(
                "Calls between services",
                Unit::PerSecond,
                "Calls of which both sides were seen.",
            )
            .ask("{{client}} → {{server}}", highest(&all)),
            Panel::graph(
                "Failed between services",
                Unit::Share,
                "Which part of them fails.",
            )
            .ask(
                "{{client}} → {{server}}",
                highest(&format!("({failed} or 0 * {all}) / ({all} > 0)")),
            )
            .worrying(0.01)
            .bad(0.05),
            Panel::graph(
                "Duration for the caller",
                Unit::Seconds,
                "What 95 of 100 stay below, with the way there and back.",
            )
            .ask("{{client}} → {{server}}", highest(&took)),
        ],
    }
}
