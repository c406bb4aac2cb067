//! A bucket of Google Cloud Storage.

use k8s_openapi::api::core::v1::Secret;
use provider_core::Ref;

use super::{
    Common,
    access::{Access, outside},
};
use crate::units::Days;

/// A bucket of Google Cloud Storage.
#[derive(Clone, Debug)]
pub struct Gcs {
    pub(crate) common: Common,
}

impl Gcs {
    pub(super) fn new(bucket: &str) -> Self {
        Self {
            common: Common::new(bucket),
        }
    }

    /// What the names of all objects begin with: letters, digits and hyphens.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.common.prefix);
        self
    }

    /// The bucket has a rule that deletes after so long.
    #[must_use]
    pub fn expire(mut self, after: Days) -> Self {
        self.common.expire = Some(after);
        self
    }

    /// Logs in with a service account's key, the JSON file that lies below `key` in a Secret of the same namespace.
    #[must_use]
    pub fn key_file(mut self, secret: &Ref<Secret>, key: &str) -> Self {
        self.common.access = Some(Access::KeyFile {
            secret: secret.clone(),
            key: key.to_owned(),
        });
        self
    }

    /// Logs in as a service account of Google's that the Pods' ServiceAccount stands for:
    /// `name@project.iam.gserviceaccount.com`.
    #[must_use]
    pub fn account(self, email: &str) -> Self {
        let annotation = ("iam.gke.io/gcp-service-account", email);
        self.by_pod(vec![annotation])
    }

    /// Logs in as the Pods' ServiceAccount itself, whom the bucket's policy names as a principal.
    #[must_use]
    pub fn identity(self) -> Self {
        self.by_pod(Vec::new())
    }

    fn by_pod(mut self, annotations: Vec<(&str, &str)>) -> Self {
        let annotations = annotations.into_iter();
        self.common.access = Some(Access::Identity {
            annotations: annotations
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            // The metadata server of the node; the second is what it is redirected to without Dataplane V2.
            asks: vec![
                outside("169.254.169.254", 80),
                outside("169.254.169.252", 988),
            ],
        });
        self
    }
}
