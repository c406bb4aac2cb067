//! What is asked of an API server, and what came back?

use std::fmt::{self, Write as _};

use http::{Method, Request, header};
use kube::client::Body;
use provider_core::{Kind, ResourceId};
use serde_json::Value;

/// What a request does, as requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads many.
    List,
    /// Follows what happens to many.
    Watch,
    /// Asks what an apply would do.
    DryRun,
    /// Makes an object.
    Create,
    /// Server-side apply of an object that is there.
    Apply,
    /// Any other change.
    Update,
    /// Removes an object.
    Delete,
    /// Reads what a container wrote.
    Log,
}

/// What was attempted, in words: `apply Deployment/shop/api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What it does.
    pub verb: Verb,
    /// On what: a resource id, or a collection in words.
    pub on: String,
}

/// One request, not yet sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) attempt: Attempt,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    accept: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

/// A success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

/// How a body is to be understood.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    Json,
    Apply,
    JsonPatch,
}

impl Verb {
    /// Whether requests of this kind leave something behind.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Verb::Create | Verb::Apply | Verb::Update | Verb::Delete
        )
    }

    fn words(self) -> &'static str {
        match self {
            Verb::Get => "read",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::DryRun => "dry-run",
            Verb::Create => "create",
            Verb::Apply => "apply",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Log => "read the log of",
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.words(), self.on)
    }
}

impl Call {
    /// A request to one object.
    pub(crate) fn object(verb: Verb, method: Method, kind: &Kind, id: &ResourceId) -> Self {
        let mut call = Self::collection(verb, method, kind, id.namespace.as_deref());
        call.attempt.on = id.to_string();
        call.path = format!("{}/{}", call.path, segment(&id.name));
        call
    }

    /// A request that makes one object.
    pub(crate) fn create(verb: Verb, kind: &Kind, id: &ResourceId) -> Self {
        let mut call = Self::collection(verb, Method::POST, kind, id.namespace.as_deref());
        call.attempt.on = id.to_string();
        call
    }

    /// A request to all objects of a kind, in one namespace or everywhere.
    pub(crate) fn collection(
        verb: Verb,
        method: Method,
        kind: &Kind,
        namespace: Option<&str>,
    ) -> Self {
        let on = match namespace {
            Some(namespace) => format!("{} in `{namespace}`", kind.plural),
            None => kind.plural.clone(),
        };
        Self {
            attempt: Attempt { verb, on },
            method,
            path: kind.path(namespace),
            query: Vec::new(),
            accept: "application/json",
            content_type: "application/json",
            body: Vec::new(),
        }
    }

    /// A read of a path that is no object: discovery, versions.
    pub(crate) fn path(path: &str) -> Self {
        Self {
            attempt: Attempt {
                verb: Verb::Get,
                on: format!("`{path}`"),
            },
            method: Method::GET,
            path: path.to_owned(),
            query: Vec::new(),
            accept: "application/json",
            content_type: "application/json",
            body: Vec::new(),
        }
    }

    /// Goes one level below the object: `log`, `status`.
    pub(crate) fn subresource(mut self, name: &str) -> Self {
        self.path = format!("{}/{name}", self.path);
        self
    }

    pub(crate) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    pub(crate) fn body(mut self, content: Content, body: &Value) -> Self {
        let text = body.to_string();
        self.body = match content {
            Content::Apply => plain_yaml(&text).into_bytes(),
            Content::Json | Content::JsonPatch => text.into_bytes(),
        };
        self.content_type = match content {
            Content::Json => "application/json",
            Content::Apply => "application/apply-patch+yaml",
            Content::JsonPatch => "application/json-patch+json",
        };
        self
    }

    /// The same as HTTP; it can be asked for again, for a retry.
    pub(crate) fn request(&self) -> Result<Request<Body>, http::Error> {
        let mut uri = self.path.clone();
        for (index, (key, value)) in self.query.iter().enumerate() {
            uri.push(if index == 0 { '?' } else { '&' });
            uri.push_str(key);
            uri.push('=');
            uri.push_str(&segment(value));
        }
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .header(header::ACCEPT, self.accept);
        if !self.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.content_type);
        }
        request.body(Body::from(self.body.clone()))
    }
}

/// JSON that a YAML reader takes for the same: what is a line break or not allowed there, and stands literally in
/// JSON, is escaped. It can only be in a string.
fn plain_yaml(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                // Writing to a text cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Escapes what may not stand in a path segment or in the value of a query.
fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                escaped.push(char::from(byte));
            }
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                escaped.push('%');
                escaped.push(char::from(DIGITS[usize::from(byte >> 4)]));
                escaped.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_core::k8s_openapi::api::{apps::v1::Deployment, rbac::v1::ClusterRole};

    #[test]
    fn a_request_says_its_path_and_escapes_its_query() {
        let kind = Kind::of::<Deployment>();
        let id = ResourceId::new(&kind, "shop", "api");
        let call = Call::object(Verb::Apply, Method::PATCH, &kind, &id)
            .query("fieldManager", "stacks/prod")
            .query("dryRun", "All");
        let request = call.request().unwrap();
        assert_eq!(
            request.uri().to_string(),
            "/apis/apps/v1/namespaces/shop/deployments/api?fieldManager=stacks%2Fprod&dryRun=All"
        );
        assert_eq!(call.attempt.to_string(), "apply Deployment/shop/api");
    }

    #[test]
    fn what_yaml_takes_for_a_line_break_is_escaped_in_an_apply_and_only_there() {
        let object = serde_json::json!({
            "data": { "a\u{2028}b": "1\u{85}2\u{2029}3\u{7f}4\u{feff}5\u{ffff}", "plain": "ä \u{1f600} \" \n" },
        });
        let kind = Kind::of::<Deployment>();
        let id = ResourceId::new(&kind, "shop", "api");
        let call = Call::object(Verb::Apply, Method::PATCH, &kind, &id);
        let applied = call.clone().body(Content::Apply, &object).body;
        let text = String::from_utf8(applied).unwrap();
        assert_eq!(
            text,
            r#"{"data":{"a\u2028b":"1\u00852\u20293\u007f4\ufeff5\uffff","plain":"ä 😀 \" \n"}}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), object);
        let created = call.body(Content::Json, &object).body;
        assert_eq!(created, object.to_string().into_bytes());
    }

    #[test]
    fn names_of_roles_may_hold_what_names_of_pods_may_not() {
        let kind = Kind::of::<ClusterRole>();
        let id = ResourceId::new(&kind, "", "system:a b");
        let request = Call::object(Verb::Get, Method::GET, &kind, &id)
            .request()
            .unwrap();
        assert_eq!(
            request.uri().path(),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%20b"
        );
    }
}
