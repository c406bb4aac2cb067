//! The injector: an admission webhook that gives a collector to each Pod that asks for one.
//!
//! ```text
//! API server ──AdmissionReview──► serve ─► review ─► ask ─► decide ─┬─► leave it, perhaps with a warning
//!                                                                   ├─► refuse it, and say why
//!                                                                   └─► inject: a JSON patch
//! ```
//!
//! The program holds no credentials of the cluster: all that it knows stands in the request and in its [`Config`], which
//! the module `Injector` writes. So it cannot read a namespace's annotations; what Pods of a namespace get without
//! asking stands in the configuration instead.
//!
//! Everything between the request and the answer is pure: the same review and the same configuration give the same
//! bytes, and a Pod that went through twice looks like one that went through once.

mod answer;
mod ask;
mod certificate;
mod config;
mod decide;
mod edits;
mod environment;
mod expiry;
mod inject;
mod log;
mod meters;
mod obstacle;
mod pod;
mod review;
#[cfg(test)]
mod samples;
mod serve;

pub use answer::{Outcome, answer};
pub use certificate::{Certificate, CertificateError, Files};
pub use config::{
    Application, Config, ConfigError, Namespace, Placement, Problem, Sidecar, Unasked,
};
pub use meters::Meters;
pub use review::{Kind, Request, Response, Review, ReviewError, Status};
pub use serve::{Limits, Server};
