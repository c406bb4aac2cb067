//! Which path is answered with what?

use std::{convert::Infallible, sync::Arc, sync::atomic::Ordering::Relaxed, time::Instant};

use bytes::Bytes;
use error_reporter::Report;
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::Server;
use crate::{
    answer::{Outcome, answer},
    log::{self, Level},
    pod::Pod,
    review::{self, Review},
};

type Answer = Response<Full<Bytes>>;

/// Why a request is not answered as it was asked.
struct Refusal {
    code: StatusCode,
    message: String,
}

/// Answers a request of whoever has seen the certificate.
pub(super) async fn secured(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let answered = match (request.method(), request.uri().path()) {
        (&Method::POST, "/mutate") => mutate(&server, request).await,
        (_, "/mutate") => not_so(),
        (method, path) => show(&server, method, path),
    };
    Ok(settled(&server, answered))
}

/// Answers a request of anyone.
pub(super) fn open(server: &Server, request: &Request<Incoming>) -> Answer {
    settled(server, show(server, request.method(), request.uri().path()))
}

fn show(server: &Server, method: &Method, path: &str) -> Result<Answer, Refusal> {
    match (method, path) {
        (&Method::GET | &Method::HEAD, "/healthz") => Ok(text(StatusCode::OK, "ok\n")),
        (&Method::GET | &Method::HEAD, "/readyz") => Ok(ready(server)),
        (&Method::GET, "/metrics") => Ok(metrics(server)),
        (_, "/healthz" | "/readyz" | "/metrics") => not_so(),
        _ => refuse(StatusCode::NOT_FOUND, "there is no such path"),
    }
}

fn not_so() -> Result<Answer, Refusal> {
    let said = "the path is there, but not for this method";
    refuse(StatusCode::METHOD_NOT_ALLOWED, said)
}

/// A refusal is an answer too, which is counted and written down.
fn settled(server: &Server, answered: Result<Answer, Refusal>) -> Answer {
    answered.unwrap_or_else(|Refusal { code, message }| {
        server.meters.failed(code.as_u16());
        let fields = json!({ "code": code.as_u16(), "error": message });
        log::line(Level::Warning, "a request was not answered", fields);
        text(code, format!("{message}\n"))
    })
}

fn refuse(code: StatusCode, message: impl Into<String>) -> Result<Answer, Refusal> {
    let message = message.into();
    Err(Refusal { code, message })
}

fn text(code: StatusCode, body: impl Into<Bytes>) -> Answer {
    respond(code, "text/plain; charset=utf-8", body.into())
}

fn respond(code: StatusCode, media: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = code;
    let media = http::HeaderValue::from_static(media);
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}

fn ready(server: &Server) -> Answer {
    if server.ending.load(Relaxed) {
        text(StatusCode::SERVICE_UNAVAILABLE, "ending\n")
    } else {
        text(StatusCode::OK, "ok\n")
    }
}

fn metrics(server: &Server) -> Answer {
    let media = "text/plain; version=0.0.4; charset=utf-8";
    respond(StatusCode::OK, media, server.meters.text().into())
}

async fn mutate(server: &Server, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let json = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/json");
    if !request.headers().get(CONTENT_TYPE).is_some_and(json) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the body is not `application/json`",
        );
    }
    let waited = tokio::time::timeout(server.limits.patience, server.room.acquire()).await;
    let Ok(Ok(_place)) = waited else {
        return refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "there is too much to answer",
        );
    };
    let body = body(server, request).await?;
    let started = Instant::now();
    let wrong = |error: &dyn std::error::Error| Refusal {
        code: StatusCode::BAD_REQUEST,
        message: Report::new(error).to_string(),
    };
    let question = Review::question(&body).map_err(|error| wrong(&error))?;
    let about = about(&question);
    let (response, outcome) = answer(question, &server.config).map_err(|error| wrong(&error))?;
    let body = serde_json::to_vec(&Review::answering(response)).map_err(|error| wrong(&error))?;
    let took = started.elapsed();
    server.meters.answered(&outcome, took);
    say(about, &outcome);
    Ok(respond(StatusCode::OK, "application/json", body.into()))
}

/// The whole body, if it is neither too long nor too slow.
async fn body(server: &Server, request: Request<Incoming>) -> Result<Bytes, Refusal> {
    let limit = server.limits.body;
    let read = Limited::new(request.into_body(), limit).collect();
    match tokio::time::timeout(server.limits.patience, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal {
            code: StatusCode::PAYLOAD_TOO_LARGE,
            message: format!("the body is longer than {limit} bytes"),
        }),
        Ok(Err(error)) => Err(Refusal {
            code: StatusCode::BAD_REQUEST,
            message: format!("the body broke off: {error}"),
        }),
        Err(_) => Err(Refusal {
            code: StatusCode::REQUEST_TIMEOUT,
            message: "the body took too long".to_owned(),
        }),
    }
}

fn about(question: &review::Request) -> serde_json::Value {
    json!({
        "uid": question.uid,
        "namespace": question.namespace,
        "pod": Pod(&question.object).name(),
        "dryRun": question.dry_run,
    })
}

fn say(mut about: serde_json::Value, outcome: &Outcome) {
    about["outcome"] = json!(outcome.word());
    let (level, said) = match outcome {
        Outcome::Injected => (Level::Info, "a Pod gets a sidecar"),
        Outcome::Unchanged => (Level::Info, "a Pod has its sidecar already"),
        Outcome::Left(reason) => {
            about["reason"] = json!(reason);
            (Level::Info, "a Pod is left as it is")
        }
        Outcome::Refused(reason) => {
            about["reason"] = json!(reason);
            (Level::Warning, "a Pod is refused")
        }
    };
    log::line(level, said, about);
}
