//! How does one request get to the server, and how is it counted?

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, Response};
use kube::client::Body;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::cluster::{
    Cluster,
    call::{Answer, Call, Verb},
    classify::failure,
    failure::{CallError, Failure},
    retry::{Attempts, Patience},
};

/// How many requests were sent, by what they do; retries count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// How many of each.
    pub by_verb: BTreeMap<Verb, u64>,
    /// The most that were under way at once.
    pub peak: usize,
}

impl Requests {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_verb.values().sum()
    }

    /// Those that leave something behind.
    pub fn writes(&self) -> u64 {
        self.by_verb
            .iter()
            .filter(|(verb, _)| verb.writes())
            .map(|(_, count)| count)
            .sum()
    }

    /// Those of one kind.
    pub fn of(&self, verb: Verb) -> u64 {
        self.by_verb.get(&verb).copied().unwrap_or_default()
    }

    /// What came on top of an earlier count.
    #[must_use]
    pub fn since(&self, earlier: &Requests) -> Requests {
        let by_verb = self
            .by_verb
            .iter()
            .map(|(verb, count)| (*verb, count - earlier.of(*verb)));
        Requests {
            by_verb: by_verb.filter(|(_, count)| *count > 0).collect(),
            peak: self.peak,
        }
    }
}

impl Cluster {
    /// Sends a request until it is answered, refused, or the patience ends.
    pub(crate) async fn send(&self, call: &Call, patience: Patience) -> Result<Answer, CallError> {
        let mut attempts = Attempts::new();
        loop {
            let failure = match self.send_once(call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(pause) = attempts.pause(&failure, &patience) else {
                return Err(CallError {
                    attempt: call.attempt.clone(),
                    failure,
                });
            };
            tracing::debug!(attempt = %call.attempt, %failure, ?pause, "will try again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, Failure> {
        let limit = self.inner.options.request_timeout;
        let _pass = self.inner.gate.enter().await;
        let begun = Instant::now();
        let exchange = async {
            let response = self.exchange(call).await?;
            let (parts, body) = response.into_parts();
            let bytes = body.collect_bytes().await.map_err(Failure::Unreachable)?;
            Ok((parts, bytes))
        };
        let (parts, bytes) = timeout(limit, exchange)
            .await
            .map_err(|_| Failure::TimedOut(limit))??;
        let code = parts.status.as_u16();
        if code >= 400 {
            let failure = failure(code, &bytes, retry_after(&parts.headers));
            if let Failure::Busy { retry_after, .. } = &failure {
                self.inner.gate.complained(*retry_after);
            }
            return Err(failure);
        }
        self.inner.gate.answered(begun.elapsed());
        let body = if call.attempt.verb == Verb::Log {
            Value::String(String::from_utf8_lossy(&bytes).into_owned())
        } else {
            serde_json::from_slice(&bytes)
                .map_err(|error| Failure::Unreadable(error.to_string()))?
        };
        Ok(Answer {
            status: code,
            body,
            warnings: warnings(&parts.headers),
        })
    }

    /// One request and the head of its answer; also for answers that do not end.
    pub(crate) async fn exchange(&self, call: &Call) -> Result<Response<Body>, Failure> {
        let request = call
            .request()
            .map_err(|error| Failure::Unreadable(error.to_string()))?;
        self.count(call.attempt.verb);
        self.inner
            .client
            .send(request)
            .await
            .map_err(|error| match error {
                kube::Error::Auth(error) => Failure::Credentials(error),
                error => unreachable(error),
            })
    }
}

/// Authentication layers fail inside the service stack, where only the source chain knows it.
fn unreachable(error: kube::Error) -> Failure {
    match error {
        kube::Error::Service(source) => match source.downcast::<kube::client::AuthError>() {
            Ok(auth) => Failure::Credentials(*auth),
            Err(source) => Failure::Unreachable(kube::Error::Service(source)),
        },
        error => Failure::Unreachable(error),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// `299 - "text"`, as often as the server has something to say.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all(http::header::WARNING).iter();
    let texts = all.filter_map(|value| {
        let text = std::str::from_utf8(value.as_bytes()).ok()?;
        let quoted = text.split_once('"').map_or(text, |(_, rest)| {
            rest.rsplit_once('"').map_or(rest, |(text, _)| text)
        });
        Some(quoted.replace("\\\"", "\""))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn warnings_are_read_without_their_wrapping() {
        let mut headers = HeaderMap::new();
        headers.append(
            "warning",
            HeaderValue::from_static(r#"299 - "unknown field \"spec.x\"""#),
        );
        headers.append("warning", HeaderValue::from_static("odd"));
        assert_eq!(warnings(&headers), [r#"unknown field "spec.x""#, "odd"]);
    }
}
