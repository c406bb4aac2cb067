//! Why did a request fail?

use std::time::Duration;

use provider_core::plan::{Refusal, RefusalCause};
use thiserror::Error;

use crate::cluster::{call::Attempt, forbidden::Forbidden};

/// A request that failed: what was attempted, and as the source why it failed.
#[derive(Debug, Error)]
#[error("could not {attempt}")]
pub struct CallError {
    /// What was attempted.
    pub attempt: Attempt,
    /// Why it failed.
    #[source]
    pub failure: Failure,
}

/// Why a request failed. Absent, forbidden and unreachable are different answers.
#[derive(Debug, Error)]
pub enum Failure {
    /// There is no such object.
    #[error("it does not exist")]
    Absent,
    /// Its namespace does not exist.
    #[error("namespace `{0}` does not exist")]
    NoNamespace(String),
    /// Its namespace is being deleted.
    #[error("namespace `{0}` is being deleted; wait until it is gone")]
    NamespaceTerminating(String),
    /// The cluster does not serve such objects.
    #[error(
        "the cluster does not serve this kind (is its CustomResourceDefinition installed and established?)"
    )]
    NotServed,
    /// An object of that name exists.
    #[error("an object of this name exists already")]
    AlreadyExists,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// The server does not know the caller.
    #[error("the server does not accept the credentials (expired, or for another cluster?): {0}")]
    Unauthorized(String),
    /// Credentials could not be obtained.
    #[error("credentials could not be obtained")]
    Credentials(#[source] kube::client::AuthError),
    /// Nobody answers.
    #[error("the API server cannot be reached")]
    Unreachable(#[source] kube::Error),
    /// No answer came in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// An admission webhook would have side effects.
    #[error("an admission webhook does not support dry runs, so the change cannot be planned: {0}")]
    NoDryRun(String),
    /// Another field manager owns fields.
    #[error("another field manager owns: {}", fields(.0))]
    ManagerConflict(Vec<RefusalCause>),
    /// The object is not the one, or not the version, that was expected.
    #[error("it has changed since it was read")]
    Changed,
    /// A quota is full.
    #[error("a resource quota is exhausted: {0}")]
    Quota(String),
    /// The server asks to come back later.
    #[error("the API server is overloaded or not ready ({code}): {message}")]
    Busy {
        /// The HTTP status.
        code: u16,
        /// What it said.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// What was to be followed is too old.
    #[error("the version to start from is too old")]
    Expired,
    /// Refused for any other reason.
    #[error("the API server refused it ({}): {}", .0.code, .0.message)]
    Refused(Refusal),
    /// The answer is not what the protocol promises.
    #[error("the answer could not be understood: {0}")]
    Unreadable(String),
}

fn fields(causes: &[RefusalCause]) -> String {
    let each = causes
        .iter()
        .map(|cause| format!("{} ({})", cause.field, cause.message));
    each.collect::<Vec<_>>().join(", ")
}

impl Failure {
    /// The same as an observation keeps it.
    pub(crate) fn into_refusal(self) -> Refusal {
        let code = match &self {
            Failure::Refused(refusal) => return refusal.clone(),
            Failure::ManagerConflict(causes) => {
                let message = self.to_string();
                return Refusal {
                    code: 409,
                    reason: "Conflict".into(),
                    message,
                    causes: causes.clone(),
                };
            }
            Failure::Busy { code, .. } => *code,
            Failure::NoDryRun(_) => 400,
            Failure::Unauthorized(_) => 401,
            Failure::Forbidden(_) | Failure::Quota(_) | Failure::NamespaceTerminating(_) => 403,
            Failure::Absent | Failure::NoNamespace(_) | Failure::NotServed => 404,
            Failure::AlreadyExists | Failure::Changed => 409,
            Failure::Expired => 410,
            Failure::Credentials(_)
            | Failure::Unreachable(_)
            | Failure::TimedOut(_)
            | Failure::Unreadable(_) => 0,
        };
        Refusal {
            code,
            message: self.to_string(),
            ..Refusal::default()
        }
    }

    /// Whether nothing more can be learned from this server now: asking again for other objects is no use.
    pub(crate) fn ends_everything(&self) -> bool {
        matches!(
            self,
            Failure::Unauthorized(_)
                | Failure::Credentials(_)
                | Failure::Unreachable(_)
                | Failure::TimedOut(_)
        )
    }
}
