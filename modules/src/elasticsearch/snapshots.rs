//! How does a cluster keep a copy of itself elsewhere?

use k8s_openapi::api::core::v1::{Container, EnvVar, VolumeMount};
use provider_core::Scope;

use super::{
    Cluster, ElasticsearchYml,
    api::{Repository, RepositorySettings, SnapshotPolicy},
    setup::{Request, Wish},
};
use crate::{
    object_store::{Addressing, ObjectStore},
    pod::Pod,
    units::Days,
};

/// The repository and the policy have one name, as there is one of each.
const NAME: &str = "snapshots";
/// What the keystore is filled from; the program itself reads none of them.
const FOR_THE_KEYSTORE: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
];
/// The volume with a key file.
const KEY_FILE: &str = "object-store";

/// Where snapshots go, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Snapshots {
    pub(super) store: ObjectStore,
    pub(super) keep: Days,
}

impl Snapshots {
    /// What the program has to know of the bucket before it starts.
    pub(super) fn settings(&self, yml: &mut ElasticsearchYml) {
        if let ObjectStore::S3(s3) = &self.store {
            yml.s3_region = Some(s3.region.clone());
            yml.s3_endpoint = (!s3.is_amazon()).then(|| s3.url());
            yml.s3_path_style = (s3.addressing == Addressing::Path).then_some(true);
        }
    }

    /// Lets the Pod in, by way of the container that makes the keystore.
    pub(super) fn attach(&self, scope: &mut Scope<'_>, pod: &mut Pod, init: &mut Container) {
        self.store.attach(scope, pod);
        let variables = pod.container.env.get_or_insert_default();
        let secret = |variable: &EnvVar| FOR_THE_KEYSTORE.contains(&variable.name.as_str());
        let moved = variables.extract_if(.., |variable| secret(variable));
        init.env.get_or_insert_default().extend(moved);
        let mounts = pod.container.volume_mounts.get_or_insert_default();
        let moved = mounts.extract_if(.., |mount: &mut VolumeMount| mount.name == KEY_FILE);
        init.volume_mounts.get_or_insert_default().extend(moved);
    }

    /// What is asked of the cluster once it is there.
    pub(super) fn wish(&self, cluster: &Cluster) -> Wish {
        let base_path = match self.store.prefix() {
            // Two clusters that write to one place destroy each other's snapshots.
            "" => cluster.name.clone(),
            prefix => format!("{prefix}/{}", cluster.name),
        };
        let repository = Repository {
            kind: match self.store {
                ObjectStore::S3(_) => "s3",
                ObjectStore::Gcs(_) => "gcs",
            },
            settings: RepositorySettings {
                bucket: self.store.bucket().to_owned(),
                base_path,
            },
        };
        let policy = SnapshotPolicy::nightly(NAME, self.keep);
        let requests = vec![
            Request::repository(NAME, &repository),
            Request::snapshots(NAME, &policy),
        ];
        Wish::of(cluster, requests)
    }
}
