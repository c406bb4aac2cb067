//! What does one request to a resource say?

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use serde_json::{Value, json};

use super::{Request, options};
use crate::answer::{Answer, Content};
use crate::merge::default_manager;
use crate::query::Query;
use crate::registry::Resource;
use crate::represent::{About, Encoding, IncludeObject, Representation};
use crate::route::Target;
use crate::status::{Refusal, Subject};
use crate::store::ObjectName;

/// A request to a resource, read as far as all verbs have it in common.
pub(crate) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) resource: Arc<Resource>,
    pub(super) target: Target,
    pub(super) query: Query,
    pub(super) content_type: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) body: &'a Bytes,
    representation: Representation,
    include: IncludeObject,
    /// What the caller should hear of, whatever becomes of the request.
    warnings: RefCell<Vec<String>>,
}

/// What may be true of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DryRun {
    All,
    No,
}

/// The text of a header, empty where there is none.
pub(super) fn header<'a>(request: &'a Request, name: &HeaderName) -> &'a str {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

impl<'a> Call<'a> {
    pub(super) fn new(
        request: &'a Request,
        resource: Arc<Resource>,
        target: Target,
    ) -> Result<Self, Refusal> {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let is_collection = target.name.is_none()
            && !query.flag("watch")
            && !matches!(*request.method(), Method::POST);
        let about = if is_collection {
            About::List
        } else {
            About::Object
        };
        let representation = Representation::negotiate(header(request, &ACCEPT), about)?;
        let include = if representation.is_table() {
            IncludeObject::parse(query.get("includeObject"))?
        } else {
            IncludeObject::Metadata
        };
        Ok(Self {
            method: request.method(),
            content_type: header(request, &CONTENT_TYPE),
            user_agent: header(request, &USER_AGENT),
            body: request.body(),
            resource,
            target,
            query,
            representation,
            include,
            warnings: RefCell::default(),
        })
    }

    /// Notes what goes into Warning headers, once each.
    pub(super) fn warn(&self, warnings: Vec<String>) {
        let mut known = self.warnings.borrow_mut();
        for warning in warnings {
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
    }

    /// What was noted.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// The name of the object in the path, empty for a collection.
    pub(super) fn name(&self) -> &str {
        self.target.name.as_deref().unwrap_or_default()
    }

    /// The namespace in the path, empty for cluster-wide objects and all namespaces.
    pub(super) fn namespace(&self) -> &str {
        self.target.namespace.as_deref().unwrap_or_default()
    }

    pub(super) fn object_name(&self) -> ObjectName {
        ObjectName::new(self.namespace(), self.name())
    }

    pub(super) fn subresource(&self) -> Option<&str> {
        self.target.subresource.as_deref()
    }

    /// The media type of the body, without its parameters.
    pub(super) fn media_type(&self) -> &str {
        self.content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
    }

    /// The object for messages that name the resource by its plural.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            group: self.resource.group(),
            kind: &self.resource.plural,
            name: self.name(),
        }
    }

    pub(super) fn subject_named<'b>(&'b self, name: &'b str) -> Subject<'b> {
        Subject {
            name,
            ..self.subject()
        }
    }

    pub(super) fn dry_run(&self) -> Result<DryRun, Refusal> {
        options::dry_run(self, &self.query.all("dryRun").collect::<Vec<_>>())
    }

    pub(super) fn options_kind(&self) -> &'static str {
        match self.method.as_str() {
            "POST" => "CreateOptions",
            "PUT" => "UpdateOptions",
            "PATCH" => "PatchOptions",
            "DELETE" => "DeleteOptions",
            _ => "ListOptions",
        }
    }

    /// Who writes: the field manager that the request names, or the program that sends it.
    pub(super) fn manager(&self) -> String {
        match self.query.get("fieldManager") {
            Some(manager) if !manager.is_empty() => manager.to_owned(),
            _ => default_manager(self.user_agent),
        }
    }

    /// An object as the answer, in the form that the caller wants.
    pub(super) fn answer(&self, status: u16, object: Value) -> Answer {
        let body = if object["kind"] == json!("Status") {
            object
        } else {
            self.representation
                .object(&self.resource, object, self.include)
        };
        self.encode(status, body)
    }

    /// One object of a watch, in the form that the caller wants.
    pub(super) fn presenter(&self) -> impl Fn(&Resource, Value) -> Value + Send + use<> {
        let (representation, include) = (self.representation, self.include);
        move |resource, object| representation.object(resource, object, include)
    }

    /// A list as the answer, in the form that the caller wants.
    pub(super) fn answer_list(&self, list: Value) -> Answer {
        let body = self.representation.list(&self.resource, list, self.include);
        self.encode(200, body)
    }

    fn encode(&self, status: u16, body: Value) -> Answer {
        match self.representation.encoding {
            Encoding::Json => Answer::json(status, body),
            Encoding::Yaml => Answer {
                status,
                content: Content::Yaml(body),
                warnings: Vec::new(),
            },
        }
    }
}
