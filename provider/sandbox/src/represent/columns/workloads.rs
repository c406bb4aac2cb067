//! The columns of workloads and their Pods.

use serde_json::{Value, json};

use super::cells::{containers, number, selector, selector_text, text_or};
use super::time::{between, since};
use super::{Column, age, integer, name, text};

const TEMPLATE: &str = "/spec/template/spec/containers";

pub(super) fn columns(kind: &str) -> Option<Vec<Column>> {
    Some(match kind {
        "Deployment" => [
            vec![
                name(),
                text("Ready", ready),
                text("Up-to-date", number("/status/updatedReplicas")),
                text("Available", number("/status/availableReplicas")),
                age(),
            ],
            template(TEMPLATE),
            vec![text("Selector", selector("/spec/selector")).wide()],
        ]
        .into_iter()
        .flatten()
        .collect(),
        "StatefulSet" => [
            vec![name(), text("Ready", ready), age()],
            template(TEMPLATE),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "ReplicaSet" | "ReplicationController" => replicas(),
        "DaemonSet" => daemons(),
        "Job" => jobs(),
        "CronJob" => cron_jobs(),
        "Pod" => pods(),
        _ => return None,
    })
}

/// `ready/wanted`.
fn ready(object: &Value) -> Value {
    let ready = object["status"]["readyReplicas"]
        .as_i64()
        .unwrap_or_default();
    json!(format!(
        "{ready}/{}",
        object["spec"]["replicas"].as_i64().unwrap_or_default()
    ))
}

fn template(pointer: &'static str) -> Vec<Column> {
    vec![
        text("Containers", containers(pointer, "name")).wide(),
        text("Images", containers(pointer, "image")).wide(),
    ]
}

fn replicas() -> Vec<Column> {
    let mut columns = vec![
        name(),
        integer("Desired", number("/spec/replicas")),
        integer("Current", number("/status/replicas")),
        integer("Ready", number("/status/readyReplicas")),
        age(),
    ];
    columns.extend(template(TEMPLATE));
    columns.push(text("Selector", selector("/spec/selector")).wide());
    columns
}

fn daemons() -> Vec<Column> {
    let mut columns = vec![
        name(),
        integer("Desired", number("/status/desiredNumberScheduled")),
        integer("Current", number("/status/currentNumberScheduled")),
        integer("Ready", number("/status/numberReady")),
        integer("Up-to-date", number("/status/updatedNumberScheduled")),
        integer("Available", number("/status/numberAvailable")),
        text("Node Selector", |set| {
            json!(selector_text(
                &set["spec"]["template"]["spec"]["nodeSelector"]
            ))
        }),
        age(),
    ];
    columns.extend(template(TEMPLATE));
    columns.push(text("Selector", selector("/spec/selector")).wide());
    columns
}

fn jobs() -> Vec<Column> {
    let status = |job: &Value| {
        let has = |kind: &str| {
            let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
            conditions
                .into_iter()
                .any(|condition| condition["type"] == kind && condition["status"] == "True")
        };
        let known = ["Complete", "Failed", "Suspended", "FailureTarget"]
            .into_iter()
            .find(|kind| has(kind));
        match known {
            Some("FailureTarget") => json!("Terminating"),
            Some(kind) => json!(kind),
            None => json!("Running"),
        }
    };
    let completions = |job: &Value| {
        let done = job["status"]["succeeded"].as_i64().unwrap_or_default();
        match (
            job["spec"]["completions"].as_i64(),
            job["spec"]["parallelism"].as_i64(),
        ) {
            (Some(wanted), _) => json!(format!("{done}/{wanted}")),
            (None, Some(parallel)) if parallel > 1 => json!(format!("{done}/1 of {parallel}")),
            (None, _) => json!(format!("{done}/1")),
        }
    };
    let mut columns = vec![
        name(),
        text("Status", status),
        text("Completions", completions),
        text("Duration", |job| {
            between(
                &job["status"]["startTime"],
                &job["status"]["completionTime"],
            )
        }),
        age(),
    ];
    columns.extend(template(TEMPLATE));
    columns.push(text("Selector", selector("/spec/selector")).wide());
    columns
}

fn cron_jobs() -> Vec<Column> {
    const JOB_TEMPLATE: &str = "/spec/jobTemplate/spec/template/spec/containers";
    let suspended = |job: &Value| {
        if job["spec"]["suspend"] == json!(true) {
            json!("True")
        } else {
            json!("False")
        }
    };
    let last = |job: &Value| match &job["status"]["lastScheduleTime"] {
        Value::Null => json!("<none>"),
        time => since(time),
    };
    let mut columns = vec![
        name(),
        text("Schedule", text_or("/spec/schedule", "")),
        text("Timezone", text_or("/spec/timeZone", "<none>")),
        Column::new("Suspend", "boolean", suspended),
        integer("Active", super::cells::count(&["/status/active"])),
        text("Last Schedule", last),
        age(),
    ];
    columns.extend(template(JOB_TEMPLATE));
    columns.push(text("Selector", selector("/spec/jobTemplate/spec/selector")).wide());
    columns
}

fn pods() -> Vec<Column> {
    let statuses = |pod: &Value| {
        pod["status"]["containerStatuses"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let ready = move |pod: &Value| {
        let ready = statuses(pod)
            .iter()
            .filter(|status| status["ready"] == json!(true))
            .count();
        json!(format!(
            "{ready}/{}",
            pod["spec"]["containers"].as_array().map_or(0, Vec::len)
        ))
    };
    let restarts = move |pod: &Value| {
        let counts = statuses(pod);
        let sum: i64 = counts
            .iter()
            .filter_map(|status| status["restartCount"].as_i64())
            .sum();
        json!(sum.to_string())
    };
    vec![
        name(),
        text("Ready", ready),
        text("Status", pod_status),
        text("Restarts", restarts),
        age(),
        text("IP", text_or("/status/podIP", "<none>")).wide(),
        text("Node", text_or("/spec/nodeName", "<none>")).wide(),
        text(
            "Nominated Node",
            text_or("/status/nominatedNodeName", "<none>"),
        )
        .wide(),
        text("Readiness Gates", |_| json!("<none>")).wide(),
    ]
}

/// The reason that matters most: going, waiting, ended, else the phase.
fn pod_status(pod: &Value) -> Value {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return json!("Terminating");
    }
    let statuses = pod["status"]["containerStatuses"]
        .as_array()
        .into_iter()
        .flatten();
    let reason = statuses.into_iter().find_map(|status| {
        let state = &status["state"];
        state["waiting"]["reason"]
            .as_str()
            .or_else(|| state["terminated"]["reason"].as_str())
    });
    match reason.or_else(|| pod["status"]["reason"].as_str()) {
        Some(reason) => json!(reason),
        None => pod["status"]["phase"].clone(),
    }
}
