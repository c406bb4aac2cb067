//! Where do a stack's large and old things lie, and how do its programs come to them?
//!
//! A bucket is never made here: it outlives every cluster. A module that uses one is handed an [`ObjectStore`], and
//! takes everything from it in one place: the variables and files with the credentials, the ServiceAccount with its
//! annotation, and the way through the network.
//!
//! Limits. Credentials are a Secret that someone else keeps, or the identity of the Pods; never text. What a bucket
//! deletes by itself is a rule of the bucket, which no cluster can set: `expire` tells the modules of it, and
//! [`ObjectStore::lifecycle_rule`] writes it down for whoever sets it. Several modules may share a bucket if each has
//! a prefix of its own.

mod access;
mod gcs;
mod s3;
#[cfg(test)]
mod tests;

pub use gcs::Gcs;
pub use s3::{Addressing, S3, S3Api};

use provider_core::{Destination, Finding, Pods, Scope};
use serde_json::{Value, json};

use crate::{pod::Pod, units::Days};
use access::Access;

/// A bucket, and who may use it.
///
/// ```
/// use modules::{ObjectStore, units::days};
/// use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
///
/// fn stores(stack: &mut Scope<'_>) -> [ObjectStore; 2] {
///     let keys = stack.existing::<Secret>("archive-keys");
///     let own = ObjectStore::s3("archive")
///         .endpoint("https://garage.example:3900")
///         .keys(&keys, "access-key-id", "secret-access-key");
///     let cloud = ObjectStore::gcs("archive-eu").account("archive@shop.iam.gserviceaccount.com");
///     [own.prefix("logs").into(), cloud.expire(days(90)).into()]
/// }
/// ```
#[derive(Clone, Debug)]
pub enum ObjectStore {
    /// Amazon S3, or what speaks its API: `RustFS`, Garage, Ceph.
    S3(S3),
    /// Google Cloud Storage.
    Gcs(Gcs),
}

/// What every bucket has.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) expire: Option<Days>,
    access: Option<Access>,
}

impl ObjectStore {
    /// A bucket of Amazon S3, or of what speaks its API.
    pub fn s3(bucket: &str) -> S3 {
        S3::new(bucket)
    }

    /// A bucket of Google Cloud Storage.
    pub fn gcs(bucket: &str) -> Gcs {
        Gcs::new(bucket)
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.common().bucket
    }

    /// What the names of its objects begin with, without a slash; empty for all of the bucket.
    pub fn prefix(&self) -> &str {
        &self.common().prefix
    }

    /// When the bucket deletes, if it was said.
    pub fn expires(&self) -> Option<Days> {
        self.common().expire
    }

    /// The rule that the bucket must have, as the cloud's own command line reads it: `aws s3api
    /// put-bucket-lifecycle-configuration` or `gcloud storage buckets update --lifecycle-file`.
    pub fn lifecycle_rule(&self) -> Option<Value> {
        let days = self.expires()?.count();
        let prefix = match self.prefix() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Some(match self {
            ObjectStore::S3(_) => json!({ "Rules": [{
                "ID": "expire",
                "Status": "Enabled",
                "Filter": { "Prefix": prefix },
                "Expiration": { "Days": days },
                // Parts of an upload that never ended are in no listing, and are paid for.
                "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 },
            }] }),
            ObjectStore::Gcs(_) if prefix.is_empty() => json!({ "rule": [
                { "action": { "type": "Delete" }, "condition": { "age": days } },
            ] }),
            ObjectStore::Gcs(_) => json!({ "rule": [
                { "action": { "type": "Delete" }, "condition": { "age": days, "matchesPrefix": [prefix] } },
            ] }),
        })
    }

    /// Gives a Pod the credentials, and checks what was said. Call it before the workload is added.
    ///
    /// A Pod that has a ServiceAccount already keeps it, and must be given [`annotations`](Self::annotations) there.
    pub(crate) fn attach(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        for finding in self.check(&pod.name) {
            scope.finding(finding);
        }
        if let Some(access) = &self.common().access {
            access.attach(scope, pod);
        }
    }

    /// What a ServiceAccount must say for its Pods to be whom the cloud knows.
    pub fn annotations(&self) -> Vec<(String, String)> {
        let access = self.common().access.as_ref();
        access.map(Access::annotations).unwrap_or_default()
    }

    /// Lets Pods reach the bucket, and whom they have to ask for credentials.
    pub(crate) fn connect(&self, scope: &mut Scope<'_>, pods: impl Into<Pods>) {
        let pods = pods.into();
        for to in self.destinations() {
            scope.connect(&pods, &to);
        }
    }

    /// Says so if the bucket deletes what someone still needs.
    pub(crate) fn must_hold(&self, scope: &mut Scope<'_>, who: &str, keep: Days) {
        let Some(expire) = self.expires().filter(|expire| *expire < keep) else {
            return;
        };
        let message = format!(
            "the bucket `{}` deletes after {} days what `{who}` keeps for {}",
            self.bucket(),
            expire.count(),
            keep.count()
        );
        let hint = "let the module delete, and give the bucket no rule for this prefix";
        scope.finding(Finding::new("bucket-expires", message).hint(hint));
    }

    fn common(&self) -> &Common {
        match self {
            ObjectStore::S3(S3 { common, .. }) | ObjectStore::Gcs(Gcs { common }) => common,
        }
    }

    fn destinations(&self) -> Vec<Destination> {
        let own = match self {
            ObjectStore::S3(s3) => s3.destination(),
            ObjectStore::Gcs(_) => access::outside("storage.googleapis.com", 443),
        };
        let access = self.common().access.as_ref();
        let asked = access.map(Access::destinations).unwrap_or_default();
        [own].into_iter().chain(asked).collect()
    }

    fn check(&self, who: &str) -> Vec<Finding> {
        let Common {
            bucket,
            prefix,
            access,
            expire: _,
        } = self.common();
        let wrong = |message: String, hint: &str| {
            Finding::new("object-store", format!("the bucket of `{who}`: {message}")).hint(hint)
        };
        let mut found = Vec::new();
        if !is_bucket_name(bucket) {
            let hint = "3 to 63 lowercase letters, digits, dots and hyphens";
            found.push(wrong(format!("`{bucket}` is no name of a bucket"), hint));
        }
        // The narrowest rule is Loki's; one prefix does for every program then.
        if !prefix
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            let hint = "letters, digits and hyphens";
            found.push(wrong(format!("`{prefix}` is no prefix"), hint));
        }
        if access.is_none() {
            let message = format!("nobody said how to log in to `{bucket}`");
            found.push(wrong(message, self.ways_in()));
        }
        if let ObjectStore::S3(s3) = self
            && let Some(message) = s3.wrong_endpoint()
        {
            found.push(wrong(message, "such as `https://garage.example:3900`"));
        }
        found
    }

    fn ways_in(&self) -> &'static str {
        match self {
            ObjectStore::S3(_) => {
                "refer to a Secret with `keys`, or to the Pods' own identity with `role` or `pod_identity`"
            }
            ObjectStore::Gcs(_) => {
                "refer to a Secret with `key_file`, or to the Pods' own identity with `account` or `identity`"
            }
        }
    }
}

impl Common {
    fn new(bucket: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            prefix: String::new(),
            expire: None,
            access: None,
        }
    }
}

impl From<S3> for ObjectStore {
    fn from(store: S3) -> Self {
        ObjectStore::S3(store)
    }
}

impl From<Gcs> for ObjectStore {
    fn from(store: Gcs) -> Self {
        ObjectStore::Gcs(store)
    }
}

impl From<&ObjectStore> for ObjectStore {
    fn from(store: &ObjectStore) -> Self {
        store.clone()
    }
}

fn is_bucket_name(name: &str) -> bool {
    let edge =
        |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&name.len())
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
        && name.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_')
        })
}
