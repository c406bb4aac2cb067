//! Which web pages may send, and how do their browsers learn of it?

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
        ORIGIN, VARY,
    },
    request::Parts,
};

use super::reply::Reply;
use crate::settings::Cors;

/// Headers that every page may send.
const ALWAYS: &str = "accept, content-type, content-encoding, x-requested-with";

/// The answer to a browser that asks before it sends.
pub(super) fn preflight(head: &Parts, cors: Option<&Cors>) -> Option<Response<Reply>> {
    let cors = cors?;
    let asks = head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    let mut response = Response::new(Reply::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if allow(head, Some(cors), headers) {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        headers.extend(
            head_allowed(head, cors).map(|allowed| (ACCESS_CONTROL_ALLOW_HEADERS, allowed)),
        );
        if let Some(age) = cors.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.as_secs().into());
        }
    }
    Some(response)
}

/// Which headers a page may send: those that it asks for, if it may send any.
fn head_allowed(head: &Parts, cors: &Cors) -> Option<HeaderValue> {
    if cors.allowed_headers.iter().any(|header| header == "*") {
        return head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    }
    let mut allowed = ALWAYS.to_owned();
    for header in &cors.allowed_headers {
        allowed.push_str(", ");
        allowed.push_str(header);
    }
    // What is no header is not sent: the configuration named it.
    HeaderValue::try_from(allowed).ok()
}

/// Says in an answer that the page may see it, if it may.
pub(super) fn allow(head: &Parts, cors: Option<&Cors>, headers: &mut HeaderMap) -> bool {
    let (Some(cors), Some(origin)) = (cors, head.headers.get(ORIGIN)) else {
        return false;
    };
    headers.append(VARY, HeaderValue::from_static("origin"));
    let known = origin.to_str().is_ok_and(|origin| {
        cors.allowed_origins
            .iter()
            .any(|rule| matches(rule, origin))
    });
    if known {
        // Whoever lets in all does not let them in with what their browsers know of somebody: those see to that.
        let all = cors.allowed_origins.iter().any(|rule| rule == "*");
        let allowed = if all {
            HeaderValue::from_static("*")
        } else {
            origin.clone()
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        if !cors.exposed_headers.is_empty() {
            put(
                headers,
                ACCESS_CONTROL_EXPOSE_HEADERS,
                &cors.exposed_headers.join(", "),
            );
        }
    }
    known
}

fn put(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    // What is no header is not sent: the configuration named it.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether an origin is what a rule says, in which one `*` stands for anything.
fn matches(rule: &str, origin: &str) -> bool {
    let (rule, origin) = (rule.to_ascii_lowercase(), origin.to_ascii_lowercase());
    match rule.split_once('*') {
        None => rule == origin,
        Some((before, after)) => {
            origin.len() >= before.len() + after.len()
                && origin.starts_with(before)
                && origin.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stands_for_anything() {
        let cases = [
            ("*", "https://a.example", true),
            ("https://*.example", "https://a.example", true),
            ("https://*.example", "https://a.example.org", false),
            ("https://a*a", "https://a", false),
            ("https://A.example", "https://a.example", true),
        ];
        for (rule, origin, expected) in cases {
            assert_eq!(matches(rule, origin), expected, "{rule} {origin}");
        }
    }
}
