//! How is one scenario replayed, and what does it leave behind?

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::compare;
use crate::json::{ascii, cut, escape, segments, sort_managers};
use crate::record::Outcome;
use crate::scenario::{Expect, Keep, Scenario, Step};
use crate::server::{Answer, Sent, Server};
use crate::steps::{self, USER_AGENT};
use crate::template::Known;

/// One run of a scenario.
struct Run<'a> {
    server: &'a Server,
    known: Known,
    /// Paths of what was made, to be removed afterwards.
    made: Vec<String>,
    watches: BTreeMap<String, JoinHandle<Result<Answer, String>>>,
}

/// Replays a scenario in a namespace of its own and removes what it made.
pub(crate) async fn scenario(server: &Server, scenario: &Scenario) -> Outcome {
    let known = Known {
        namespace: fresh_namespace(),
        ..Known::default()
    };
    let mut run = Run {
        server,
        known,
        made: Vec::new(),
        watches: BTreeMap::new(),
    };
    let result = run.steps(scenario).await;
    run.clean(scenario.namespace).await;
    match result {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(why),
    }
}

fn fresh_namespace() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("cf-{:08x}", now.as_nanos() & 0xffff_ffff)
}

fn json_request(method: &str, path: &str, content_type: &str, body: &Value) -> Sent {
    Sent {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![
            USER_AGENT.map(str::to_owned).into(),
            ("content-type".to_owned(), content_type.to_owned()),
        ],
        body: Some(ascii(body)),
    }
}

fn bare(method: &str, path: &str) -> Sent {
    Sent {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![USER_AGENT.map(str::to_owned).into()],
        body: None,
    }
}

impl Run<'_> {
    async fn steps(&mut self, scenario: &Scenario) -> Result<(), String> {
        if scenario.namespace {
            let namespace = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": self.known.namespace },
            });
            let sent = json_request("POST", "/api/v1/namespaces", "application/json", &namespace);
            let answer = self.server.send(&sent).await?;
            if !matches!(answer.status, 200 | 201) {
                return Err(format!("cannot create the namespace: {}", answer.body));
            }
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            self.step(scenario, step, index + 1).await.map_err(|why| {
                let path = step
                    .path
                    .as_deref()
                    .or(step.collect.as_deref())
                    .unwrap_or_default();
                format!(
                    "step {} ({} {path}) {}: {why}",
                    index + 1,
                    step.method,
                    step.about
                )
            })?;
        }
        Ok(())
    }

    async fn step(
        &mut self,
        scenario: &Scenario,
        step: &Step,
        number: usize,
    ) -> Result<(), String> {
        if let Some(seconds) = step.sleep {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }
        let Some(answer) = self.answer(step).await? else {
            return Ok(());
        };
        let id = step.id.clone().unwrap_or_else(|| format!("s{number}"));
        self.known.answers.insert(id, answer.body.clone());
        let Some(expect) = &step.expect else {
            return Ok(());
        };
        let ignored: Vec<&str> = scenario
            .ignore
            .iter()
            .chain(&step.ignore)
            .map(|ignore| ignore.pointer.as_str())
            .collect();
        self.check(expect, &step.keep, &ignored, answer)
    }

    async fn answer(&mut self, step: &Step) -> Result<Option<Answer>, String> {
        if let Some(name) = &step.collect {
            let watch = self
                .watches
                .remove(name)
                .ok_or_else(|| format!("no watch `{name}`"))?;
            return watch.await.map_err(|error| error.to_string())?.map(Some);
        }
        let sent = steps::request(&self.known, step)?;
        let Some(watch) = &step.watch else {
            let answer = self.patient(step, &sent).await?;
            self.track(&sent, &answer);
            return Ok(Some(answer));
        };
        let patience = Duration::from_secs_f64(watch.timeout_seconds);
        let reading = self.server.watch(sent, watch.events, patience);
        match &watch.background {
            None => reading.await.map(Some),
            Some(name) => {
                self.watches.insert(name.clone(), tokio::spawn(reading));
                tokio::time::sleep(Duration::from_secs_f64(watch.settle)).await;
                Ok(None)
            }
        }
    }

    /// Asks until what the step waits for holds, or its time is up.
    async fn patient(&self, step: &Step, sent: &Sent) -> Result<Answer, String> {
        let patience = step
            .until
            .as_ref()
            .map_or(20.0, |until| until.timeout_seconds);
        let end = Instant::now() + Duration::from_secs_f64(patience);
        let expected = step.expect.as_ref().map(|expect| expect.status);
        loop {
            let answer = self.server.send(sent).await?;
            let is_busy = answer.status == 429 && expected != Some(429);
            let is_there = match &step.until {
                Some(until) => steps::holds(&self.known, until, &answer)?,
                None => true,
            };
            if (is_there && !is_busy) || Instant::now() > end {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn check(
        &mut self,
        expect: &Expect,
        keep: &[Keep],
        ignored: &[&str],
        answer: Answer,
    ) -> Result<(), String> {
        if answer.status != expect.status {
            let message = answer.body["message"].as_str().unwrap_or_default();
            return Err(format!(
                "want status {}, got {}: {message}",
                expect.status, answer.status
            ));
        }
        if let Some(wanted) = &expect.content_type
            && *wanted != answer.content_type
        {
            return Err(format!(
                "want content type {wanted}, got {}",
                answer.content_type
            ));
        }
        let (mut expected, mut found) = (expect.body.clone(), answer.body);
        sort_managers(&mut expected);
        sort_managers(&mut found);
        for keep in keep {
            retain(&mut found, keep);
        }
        for pointer in ignored {
            cut(&mut expected, &segments(pointer));
            cut(&mut found, &segments(pointer));
        }
        if !expect.body_ignored {
            compare::body(&mut self.known, &expected, &found)?;
        }
        let namespace = &self.known.namespace;
        let warnings: Vec<String> = expect
            .warnings
            .iter()
            .map(|text| text.replace("{ns}", namespace))
            .collect();
        if warnings == answer.warnings {
            Ok(())
        } else {
            Err(format!(
                "want warnings {warnings:?}, got {:?}",
                answer.warnings
            ))
        }
    }

    fn track(&mut self, sent: &Sent, answer: &Answer) {
        let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
        let writes = matches!(sent.method.as_str(), "POST" | "PUT" | "PATCH");
        let name = answer.body["metadata"]["name"].as_str();
        let (true, false, Some(name)) = (writes, query.contains("dryRun"), name) else {
            return;
        };
        if !matches!(answer.status, 200..=202) {
            return;
        }
        let mut path = path.trim_end_matches('/').to_owned();
        if sent.method == "POST" && !path.ends_with(&format!("/{name}")) {
            path = format!("{path}/{name}");
        }
        for subresource in ["/status", "/scale", "/finalize"] {
            path.truncate(path.strip_suffix(subresource).unwrap_or(&path).len());
        }
        if !self.made.contains(&path) {
            self.made.push(path);
        }
    }

    /// Removes what was made, newest first. What is not there any more is fine.
    async fn clean(&self, namespaced: bool) {
        let own = namespaced.then(|| format!("/api/v1/namespaces/{}", self.known.namespace));
        for path in self.made.iter().rev().cloned().chain(own) {
            let deletion = format!("{path}?gracePeriodSeconds=0&propagationPolicy=Background");
            let Ok(answer) = self.server.send(&bare("DELETE", &deletion)).await else {
                continue;
            };
            if answer.body["metadata"]["finalizers"].is_array() {
                let patch = json!({ "metadata": { "finalizers": null } });
                let sent = json_request("PATCH", &path, "application/merge-patch+json", &patch);
                let _ = self.server.send(&sent).await;
            }
            if path
                .rsplit_once('/')
                .is_some_and(|(parent, _)| parent == "/api/v1/namespaces")
            {
                self.finalize(&path).await;
            }
        }
    }

    /// No controller empties namespaces, so they are let go at once.
    async fn finalize(&self, path: &str) {
        let Ok(mut answer) = self.server.send(&bare("GET", path)).await else {
            return;
        };
        if answer.status == 200 && answer.body.is_object() {
            answer.body["spec"] = json!({ "finalizers": [] });
            let path = format!("{path}/finalize");
            let _ = self
                .server
                .send(&json_request(
                    "PUT",
                    &path,
                    "application/json",
                    &answer.body,
                ))
                .await;
        }
    }
}

/// Keeps of a list or an object what a step compares, in its order.
fn retain(body: &mut Value, keep: &Keep) {
    match body.pointer_mut(&keep.pointer) {
        Some(Value::Object(map)) => {
            map.retain(|key, _| keep.values.iter().any(|value| value == key));
        }
        Some(Value::Array(list)) => {
            let pointer = if keep.key.starts_with('/') {
                keep.key.clone()
            } else {
                format!("/{}", escape(&keep.key))
            };
            let rank = |element: &Value| {
                let value = element.pointer(&pointer)?;
                keep.values.iter().position(|wanted| wanted == value)
            };
            list.retain(|element| rank(element).is_some());
            list.sort_by_key(rank);
        }
        _ => {}
    }
}
