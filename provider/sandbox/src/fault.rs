//! What goes wrong on purpose, and how often was what asked?
//!
//! A [`Rule`] names the requests that it is for and the [`Fault`] they meet; the first rule that fits decides.
//! The controllers are not touched: they work inside the server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use thiserror::Error;

use crate::query::Query;
use crate::route::{Route, Target};
use crate::status::{Refusal, Subject};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer, and is then answered as ever.
    Slow(Duration),
    /// 409: the object has changed meanwhile.
    Conflicting,
    /// 403: the caller may not do this.
    Forbidden,
    /// 401: the credentials are no longer accepted.
    Unauthorized,
    /// 429, with the seconds after which to try again.
    Throttled(u32),
    /// 500: an admission webhook that cannot be asked without side effects, so dry runs are refused.
    WebhookRefusesDryRun,
    /// 403: the quota of the namespace is used up. Only writes that create meet it.
    QuotaFull,
    /// 503: the server is there, and does not work.
    Unavailable,
    /// The connection breaks without an answer.
    Gone,
}

/// Which requests meet a fault, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    fault: Fault,
    verb: Option<String>,
    resource: Option<String>,
    name: Option<String>,
    /// How many fitting requests pass first.
    pass: u64,
    /// How many meet the fault after that; all where none is given.
    times: Option<u64>,
}

impl Rule {
    /// A fault for every request.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            verb: None,
            resource: None,
            name: None,
            pass: 0,
            times: None,
        }
    }

    /// Only requests of this verb, as RBAC spells it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`.
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self
    }

    /// Only requests to this resource, by its plural: `deployments`, or `deployments/status`.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Only requests to the object of this name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only after this many fitting requests have passed: the server that goes away in the middle.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.pass = requests;
        self
    }

    /// Only for so many requests.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// The connection broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sandbox broke the connection, as it was asked to")]
pub struct Gone;

/// The rules in force, and the requests counted so far.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    counts: BTreeMap<(String, String), u64>,
}

/// What a request asks for, in the words of RBAC.
struct Asked {
    verb: &'static str,
    resource: String,
    target: Option<Target>,
    dry_run: bool,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule behind those that are there.
    pub fn add(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.state().rules.clear();
    }

    /// Starts counting anew.
    pub fn reset_counts(&self) {
        self.state().counts.clear();
    }

    /// How many requests came, by verb and resource: `("patch", "deployments")`. What is no resource counts as `get`
    /// of its path. Requests that met a fault count, too.
    pub fn counts(&self) -> BTreeMap<(String, String), u64> {
        self.state().counts.clone()
    }

    /// How many requests of a verb came.
    pub fn count(&self, verb: &str) -> u64 {
        self.state()
            .counts
            .iter()
            .filter(|((of, _), _)| of == verb)
            .map(|(_, count)| count)
            .sum()
    }

    /// Counts a request and decides what happens to it: it passes, is refused or meets silence.
    pub(crate) async fn judge(&self, request: &Request<Bytes>) -> Result<Option<Refusal>, Gone> {
        let asked = Asked::of(request);
        let fault = {
            let mut state = self.state();
            let key = (asked.verb.to_owned(), asked.resource.clone());
            *state.counts.entry(key).or_default() += 1;
            state.rules.iter_mut().find_map(|rule| rule.meet(&asked))
        };
        match fault {
            None => Ok(None),
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            Some(Fault::Gone) => Err(Gone),
            Some(fault) => Ok(Some(refusal(&fault, &asked))),
        }
    }
}

impl Rule {
    fn meet(&mut self, asked: &Asked) -> Option<Fault> {
        let target = asked.target.as_ref();
        let name = target.and_then(|target| target.name.as_deref());
        let fits = self.verb.as_deref().is_none_or(|verb| verb == asked.verb)
            && self
                .resource
                .as_deref()
                .is_none_or(|resource| resource == asked.resource)
            && self
                .name
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == name)
            && match self.fault {
                Fault::WebhookRefusesDryRun => asked.dry_run,
                Fault::QuotaFull => asked.verb == "create",
                _ => true,
            };
        if !fits {
            return None;
        }
        if self.pass > 0 {
            self.pass -= 1;
            return None;
        }
        match &mut self.times {
            Some(0) => None,
            Some(times) => {
                *times -= 1;
                Some(self.fault.clone())
            }
            None => Some(self.fault.clone()),
        }
    }
}

impl Asked {
    fn of(request: &Request<Bytes>) -> Self {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let dry_run = query.get("dryRun").is_some();
        let Route::Resource(target) = Route::parse(request.uri().path()) else {
            let resource = request.uri().path().to_owned();
            return Self {
                verb: "get",
                resource,
                target: None,
                dry_run,
            };
        };
        let verb = match (request.method().as_str(), target.name.is_some()) {
            ("GET" | "HEAD", true) => "get",
            ("GET" | "HEAD", false) if query.flag("watch") => "watch",
            ("GET" | "HEAD", false) => "list",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "delete",
            ("DELETE", false) => "deletecollection",
            _ => "create",
        };
        let resource = match &target.subresource {
            Some(subresource) => format!("{}/{subresource}", target.plural),
            None => target.plural.clone(),
        };
        Self {
            verb,
            resource,
            target: Some(target),
            dry_run,
        }
    }
}

fn refusal(fault: &Fault, asked: &Asked) -> Refusal {
    let target = asked.target.as_ref();
    let group = target.map_or("", |target| target.group_version.group.as_str());
    let name = target
        .and_then(|target| target.name.as_deref())
        .unwrap_or_default();
    let about = Subject {
        group,
        kind: &asked.resource,
        name,
    };
    match fault {
        Fault::Conflicting => Refusal::modified(about),
        Fault::Forbidden => {
            let place = match target.and_then(|target| target.namespace.as_deref()) {
                Some(namespace) => format!("in the namespace \"{namespace}\""),
                None => "at the cluster scope".to_owned(),
            };
            let why = format!(
                "User \"sandbox\" cannot {} resource \"{}\" in API group \"{group}\" {place}",
                asked.verb, asked.resource
            );
            Refusal::forbidden(about, &why)
        }
        Fault::Unauthorized => Refusal::new(401, "Unauthorized", "Unauthorized"),
        Fault::Throttled(seconds) => {
            let mut details = serde_json::Map::new();
            details.insert("retryAfterSeconds".to_owned(), serde_json::json!(seconds));
            Refusal::new(
                429,
                "TooManyRequests",
                "too many requests, please try again later",
            )
            .with_details(details)
        }
        Fault::WebhookRefusesDryRun => Refusal::bad_request(
            "admission webhook \"policy.sandbox.otelier.dev\" does not support dry run",
        ),
        Fault::QuotaFull => Refusal::forbidden(
            about,
            "exceeded quota: sandbox, requested: count=1, used: count=1, limited: count=1",
        ),
        Fault::Slow(_) | Fault::Unavailable | Fault::Gone => Refusal::new(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::{Fault, Faults, Rule};

    async fn met(faults: &Faults, method: &str, path: &str) -> Option<u16> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::new())
            .unwrap();
        faults
            .judge(&request)
            .await
            .unwrap()
            .map(|refusal| refusal.code)
    }

    #[tokio::test]
    async fn only_the_named_requests_meet_a_fault() {
        let faults = Faults::default();
        faults.add(Rule::new(Fault::Forbidden).verb("list").resource("secrets"));
        faults.add(
            Rule::new(Fault::Conflicting)
                .verb("patch")
                .name("web")
                .times(1),
        );
        assert_eq!(met(&faults, "GET", "/api/v1/secrets").await, Some(403));
        assert_eq!(
            met(&faults, "GET", "/api/v1/namespaces/a/secrets/x").await,
            None
        );
        let web = "/apis/apps/v1/namespaces/a/deployments/web";
        assert_eq!(met(&faults, "PATCH", web).await, Some(409));
        assert_eq!(met(&faults, "PATCH", web).await, None);
        assert_eq!(faults.count("patch"), 2);
        let key = ("list".to_owned(), "secrets".to_owned());
        assert_eq!(faults.counts().get(&key), Some(&1));
    }

    #[tokio::test]
    async fn a_server_can_go_away_in_the_middle() {
        let faults = Faults::default();
        faults.add(Rule::new(Fault::Gone).after(1));
        assert_eq!(met(&faults, "GET", "/version").await, None);
        let request = Request::builder()
            .uri("/version")
            .body(Bytes::new())
            .unwrap();
        assert!(faults.judge(&request).await.is_err());
    }
}
