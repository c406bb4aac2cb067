//! What is in the Secrets whose values a plan needs before anything can be compared?

use std::{borrow::Cow, collections::BTreeMap};

use futures::future::join_all;
use provider_core::{
    Certificate, Kind, Resource, ResourceId,
    k8s_openapi::api::core::v1::Secret,
    plan::{Held, Sources},
};
use serde_json::Value;

use super::unseen;
use crate::{
    certify::certified,
    cluster::{Cluster, Patience},
    error::ObserveError,
};

impl Cluster {
    /// Reads the Secrets with certificates, and those that others borrow from, as far as they exist.
    pub(super) async fn held(
        &self,
        resources: &[Cow<'_, Resource>],
    ) -> Result<BTreeMap<ResourceId, Held>, ObserveError> {
        let kind = Kind::of::<Secret>();
        let needed: Vec<ResourceId> = Sources::needed(resources.iter().map(Cow::as_ref))
            .into_iter()
            .collect();
        let found = needed
            .iter()
            .map(|id| self.get(&kind, id, Patience::READING));
        let mut secrets: BTreeMap<&ResourceId, Value> = BTreeMap::new();
        for (id, found) in needed.iter().zip(join_all(found).await) {
            if let Some(secret) = found.map_err(unseen)? {
                secrets.insert(id, secret);
            }
        }
        let mut held = BTreeMap::new();
        for (id, secret) in &secrets {
            let resource = resources.iter().find(|resource| resource.id == **id);
            let certificate = resource.and_then(|resource| resource.certificate.as_ref());
            let certified = certificate.map(|certificate| {
                let authority = match certificate {
                    Certificate::Leaf { authority, .. } => secrets.get(authority),
                    Certificate::Authority { .. } => None,
                };
                certified(certificate, secret, authority)
            });
            let secret = secret.clone();
            held.insert((*id).clone(), Held { secret, certified });
        }
        Ok(held)
    }
}
