//! What does the API server ask, and in which words is it answered?

use base64::{Engine as _, engine::general_purpose::STANDARD};
use json_patch::PatchOperation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// The only version of reviews that is spoken here.
const VERSION: &str = "admission.k8s.io/v1";
/// The API server cuts longer warnings.
const WARNING: usize = 256;

/// An `AdmissionReview`, with a request or with a response.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// `admission.k8s.io/v1`.
    pub api_version: String,
    /// `AdmissionReview`.
    pub kind: String,
    /// What is asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Request>,
    /// What is answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<Response>,
}

/// What is asked: may this object be, and how?
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Which question this is.
    pub uid: String,
    /// What the object is.
    pub kind: Kind,
    /// The part of it that is meant, such as `status`.
    #[serde(default)]
    pub sub_resource: String,
    /// The object's namespace.
    #[serde(default)]
    pub namespace: String,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: String,
    /// The object as it would be.
    #[serde(default)]
    pub object: Value,
    /// Whether nothing is to come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// Group, version and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Kind {
    /// The API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind's name.
    pub kind: String,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The question that this answers.
    pub uid: String,
    /// Whether the object may be.
    pub allowed: bool,
    /// Why it may not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<Status>,
    /// `JSONPatch`, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub patch_type: Option<String>,
    /// What is to be changed, in base64.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub patch: Option<String>,
    /// What whoever made the object is told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// What the audit log is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub audit_annotations: BTreeMap<String, String>,
}

/// Why an object may not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Status {
    /// The status code that the client gets.
    pub code: u16,
    /// The same as a word.
    pub reason: String,
    /// The reason, for people.
    pub message: String,
}

/// Why a body is no review that can be answered.
#[derive(Debug, Error)]
pub enum ReviewError {
    /// It is no JSON, or not of this shape.
    #[error("the body is no AdmissionReview")]
    Shape(#[from] serde_json::Error),
    /// It is of another version.
    #[error("the body is a `{kind}` of `{version}`; an AdmissionReview of `{VERSION}` is expected")]
    Version {
        /// What it says it is.
        kind: String,
        /// The version that it says it has.
        version: String,
    },
    /// It asks nothing.
    #[error("the AdmissionReview has no request")]
    NoRequest,
}

impl Review {
    /// The question that a body asks.
    pub fn question(body: &[u8]) -> Result<Request, ReviewError> {
        let review: Self = serde_json::from_slice(body)?;
        if review.api_version != VERSION || review.kind != "AdmissionReview" {
            return Err(ReviewError::Version {
                kind: review.kind,
                version: review.api_version,
            });
        }
        review.request.ok_or(ReviewError::NoRequest)
    }

    /// The review that carries a response.
    pub fn answering(response: Response) -> Self {
        Self {
            api_version: VERSION.to_owned(),
            kind: "AdmissionReview".to_owned(),
            request: None,
            response: Some(response),
        }
    }
}

impl Request {
    /// Whether a Pod is made, and not something else done to something else.
    pub(crate) fn makes_a_pod(&self) -> bool {
        let Kind {
            group,
            version,
            kind,
        } = &self.kind;
        self.operation == "CREATE"
            && self.sub_resource.is_empty()
            && (group.as_str(), version.as_str(), kind.as_str()) == ("", "v1", "Pod")
    }
}

impl Response {
    /// The object may be as it is.
    pub(crate) fn allowed(uid: &str) -> Self {
        Self {
            uid: uid.to_owned(),
            allowed: true,
            ..Self::default()
        }
    }

    /// The object may not be.
    pub(crate) fn refused(uid: &str, message: String) -> Self {
        Self {
            uid: uid.to_owned(),
            status: Some(Status {
                code: 403,
                reason: "Forbidden".to_owned(),
                message,
            }),
            ..Self::default()
        }
    }

    /// Tells whoever made the object something.
    pub(crate) fn warning(mut self, warning: &str) -> Self {
        let short = warning
            .char_indices()
            .take_while(|(at, c)| at + c.len_utf8() <= WARNING);
        self.warnings.push(short.map(|(_, c)| c).collect());
        self
    }

    /// Tells the audit log something.
    pub(crate) fn audit(mut self, key: &str, value: impl Into<String>) -> Self {
        self.audit_annotations.insert(key.to_owned(), value.into());
        self
    }

    /// The object may be if it is changed so. No change is no patch.
    pub(crate) fn patch(
        mut self,
        operations: &[PatchOperation],
    ) -> Result<Self, serde_json::Error> {
        if !operations.is_empty() {
            self.patch_type = Some("JSONPatch".to_owned());
            self.patch = Some(STANDARD.encode(serde_json::to_vec(operations)?));
        }
        Ok(self)
    }
}
