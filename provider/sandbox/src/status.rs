//! Which words does the server refuse a request with?

use serde_json::{Map, Value, json};

/// One reason among several why an object is refused, tied to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The machine-readable reason, such as `FieldValueInvalid`.
    pub(crate) reason: String,
    /// What is wrong, for a reader.
    pub(crate) message: String,
    /// The field as the API server spells it, such as `spec.ports[0].port`.
    pub(crate) field: String,
}

/// A refused request, in the shape of a failed `Status`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) code: u16,
    /// The machine-readable reason; empty where the real server leaves it out.
    pub(crate) reason: &'static str,
    /// What happened, for a reader.
    pub(crate) message: String,
    /// `details` without its causes; `None` leaves `details` out.
    pub(crate) details: Option<Map<String, Value>>,
    /// The causes in `details`.
    pub(crate) causes: Vec<Cause>,
}

/// What a refusal is about: the resource (plural or kind) and its group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The API group, empty for core.
    pub(crate) group: &'a str,
    /// The plural of the resource, or its kind, as the reason asks.
    pub(crate) kind: &'a str,
    /// The name of the object; may be empty.
    pub(crate) name: &'a str,
}

impl Subject<'_> {
    fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.kind.to_owned()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        for (key, value) in [
            ("name", self.name),
            ("group", self.group),
            ("kind", self.kind),
        ] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        details
    }
}

impl Refusal {
    /// A refusal without details.
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
            causes: Vec::new(),
        }
    }

    /// A request that cannot be read.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A failure inside the server that has neither reason nor details.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// No object of this name.
    pub(crate) fn not_found(about: Subject<'_>) -> Self {
        Self::new(
            404,
            "NotFound",
            format!("{} \"{}\" not found", about.qualified(), about.name),
        )
        .about(about)
    }

    /// No such path: the group, version or resource is not served.
    pub(crate) fn no_such_resource() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
        .with_details(Map::new())
    }

    /// The resource does not have this verb.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .with_details(Map::new())
    }

    /// An object of this name is there already.
    pub(crate) fn already_exists(about: Subject<'_>) -> Self {
        Self::new(
            409,
            "AlreadyExists",
            format!("{} \"{}\" already exists", about.qualified(), about.name),
        )
        .about(about)
    }

    /// The object is not as the request expects it.
    pub(crate) fn conflict(about: Subject<'_>, why: &str) -> Self {
        Self::new(
            409,
            "Conflict",
            format!(
                "Operation cannot be fulfilled on {} \"{}\": {why}",
                about.qualified(),
                about.name
            ),
        )
        .about(about)
    }

    /// The object has moved on since the version that the request names.
    pub(crate) fn modified(about: Subject<'_>) -> Self {
        Self::conflict(
            about,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(about: Subject<'_>, why: &str) -> Self {
        Self::new(
            403,
            "Forbidden",
            format!(
                "{} \"{}\" is forbidden: {why}",
                about.qualified(),
                about.name
            ),
        )
        .about(about)
    }

    /// The object breaks rules; `about.kind` is its kind, not its plural.
    pub(crate) fn invalid(about: Subject<'_>, causes: Vec<Cause>) -> Self {
        let told: Vec<String> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let told = match told.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let mut refusal = Self::new(
            422,
            "Invalid",
            format!(
                "{} \"{}\" is invalid: {told}",
                about.qualified(),
                about.name
            ),
        )
        .about(about);
        refusal.causes = causes;
        refusal
    }

    /// The resource version that a list or watch asks for is no longer held.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The body is of no type that the verb reads.
    pub(crate) fn unsupported_media_type(given: &str) -> Self {
        // An API server reads it, and `kubectl create` writes it: whoever meets this wants a way around.
        let message = if given == "application/vnd.kubernetes.protobuf" {
            "the sandbox reads JSON and YAML, not protobuf: `kubectl create … --dry-run=client -o yaml \
             | kubectl apply -f -` sends the same object"
        } else {
            "the body of the request was in an unknown format - accepted media types include: \
             application/json, application/yaml, application/vnd.kubernetes.protobuf"
        };
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// Replaces the details.
    #[must_use]
    pub(crate) fn with_details(mut self, details: Map<String, Value>) -> Self {
        self.details = Some(details);
        self
    }

    /// Adds one cause.
    #[must_use]
    pub(crate) fn with_cause(mut self, reason: &str, field: &str, message: &str) -> Self {
        self.details.get_or_insert_default();
        self.causes.push(Cause {
            reason: reason.to_owned(),
            message: message.to_owned(),
            field: field.to_owned(),
        });
        self
    }

    fn about(self, about: Subject<'_>) -> Self {
        self.with_details(about.details())
    }

    /// The `Status` object.
    pub(crate) fn body(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            let mut details = details.clone();
            if !self.causes.is_empty() {
                details.insert(
                    "causes".to_owned(),
                    self.causes.iter().map(Cause::body).collect(),
                );
            }
            status["details"] = Value::Object(details);
        }
        status
    }
}

impl Cause {
    fn body(&self) -> Value {
        let mut body = Map::new();
        for (key, value) in [
            ("reason", &self.reason),
            ("message", &self.message),
            ("field", &self.field),
        ] {
            if !value.is_empty() {
                body.insert(key.to_owned(), json!(value));
            }
        }
        Value::Object(body)
    }
}
