//! A bucket of Amazon S3, or of what speaks its API.

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Destination, Endpoint, Protocol, Ref, Security};

use super::{
    Common,
    access::{Access, outside, secured},
};
use crate::{units::Days, url};

/// Amazon's API for buckets.
#[derive(Clone, Copy, Debug)]
pub enum S3Api {}

impl Protocol for S3Api {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

/// A bucket of Amazon S3, or of what speaks its API.
#[derive(Clone, Debug)]
pub struct S3 {
    pub(crate) common: Common,
    pub(crate) region: String,
    pub(crate) addressing: Addressing,
    place: Place,
}

/// Where a request names the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// In the host's name, as Amazon wants it.
    VirtualHost,
    /// In the path, as everyone understands who needs no name for each bucket.
    Path,
}

/// Who answers.
#[derive(Clone, Debug)]
enum Place {
    /// Amazon, in that region.
    Amazon,
    /// Someone else, as a URL.
    Url(String),
    /// A part of this stack.
    Stack { url: String, to: Destination },
}

impl S3 {
    pub(super) fn new(bucket: &str) -> Self {
        Self {
            common: Common::new(bucket),
            region: "us-east-1".to_owned(),
            addressing: Addressing::VirtualHost,
            place: Place::Amazon,
        }
    }

    /// The region; `us-east-1` if none is said, and whatever the store calls itself elsewhere (`garage`).
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// Who answers instead of Amazon, as a URL without a path. Buckets are named in the path then.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.place = Place::Url(url.trim_end_matches('/').to_owned());
        self.addressing = Addressing::Path;
        self
    }

    /// A part of this stack answers.
    #[must_use]
    pub fn served_by(mut self, endpoint: &Endpoint<S3Api>) -> Self {
        self.place = Place::Stack {
            url: endpoint.url(),
            to: endpoint.destination().clone(),
        };
        self.addressing = Addressing::Path;
        self
    }

    /// Where requests name the bucket, for a store that differs. Say it after `endpoint`.
    #[must_use]
    pub fn addressing(mut self, addressing: Addressing) -> Self {
        self.addressing = addressing;
        self
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

    /// Logs in with two keys of a Secret of the same namespace: the name of an access key, and the key.
    #[must_use]
    pub fn keys(
        mut self,
        secret: &Ref<Secret>,
        access_key_id: &str,
        secret_access_key: &str,
    ) -> Self {
        self.common.access = Some(Access::Keys {
            secret: secret.clone(),
            id: access_key_id.to_owned(),
            key: secret_access_key.to_owned(),
        });
        self
    }

    /// Logs in as a role that Amazon gives to the Pods' ServiceAccount (IRSA): `arn:aws:iam::…:role/…`.
    #[must_use]
    pub fn role(mut self, arn: &str) -> Self {
        self.common.access = Some(Access::Identity {
            annotations: vec![("eks.amazonaws.com/role-arn".to_owned(), arn.to_owned())],
            // Regional or not is the webhook's choice; both are names of the internet.
            asks: vec![outside("sts.amazonaws.com", 443)],
        });
        self
    }

    /// Logs in as the Pods' ServiceAccount, which an association of the EKS cluster gives a role (EKS Pod Identity).
    #[must_use]
    pub fn pod_identity(mut self) -> Self {
        self.common.access = Some(Access::Identity {
            annotations: Vec::new(),
            // Its agent listens on the node itself, at these two; which of them a Pod asks is what the webhook tells it.
            asks: ["169.254.170.23", "fd00:ec2::23"]
                .map(|agent| outside(agent, 80))
                .into(),
        });
        self
    }

    /// The endpoint as a URL.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Amazon => format!("https://s3.{}.amazonaws.com", self.region),
            Place::Url(url) | Place::Stack { url, .. } => url.clone(),
        }
    }

    /// The endpoint as programs want it that are told separately whether to use TLS: a host, and a port if one
    /// was said.
    pub(crate) fn authority(&self) -> String {
        let url = self.url();
        url.split_once("://")
            .map_or(url.as_str(), |(_, rest)| rest)
            .to_owned()
    }

    /// Whether the traffic is not encrypted.
    pub(crate) fn is_plain(&self) -> bool {
        self.url().starts_with("http://")
    }

    /// Whether Amazon itself answers.
    pub fn is_amazon(&self) -> bool {
        matches!(self.place, Place::Amazon)
    }

    pub(super) fn destination(&self) -> Destination {
        if let Place::Stack { to, .. } = &self.place {
            return to.clone();
        }
        let (host, port) = url::bare(&self.url()).unwrap_or_default();
        let security = if self.is_plain() {
            Security::Plain
        } else {
            Security::Tls
        };
        secured(&host, port, security)
    }

    pub(super) fn wrong_endpoint(&self) -> Option<String> {
        let url = self.url();
        url::bare(&url)
            .is_none()
            .then(|| format!("`{url}` is no endpoint"))
    }
}
