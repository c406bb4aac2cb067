//! How does a cluster become what was described? A Job asks for one thing after another.
//!
//! What is asked for comes from everyone who uses the cluster, so it is collected when the definition ends. Another wish
//! replaces the Job, which then asks for everything once more. Nothing is taken back: what is no longer wished for
//! stays in the cluster until someone deletes it there.

use k8s_openapi::api::{
    batch::v1::{Job, JobSpec},
    core::v1::{KeyToPath, ProjectedVolumeSource, SecretProjection, Volume, VolumeProjection},
};
use provider_core::{Pods, Ref, ResourceId, Scope, kube_core::ObjectMeta};
use serde::Serialize;

use super::{ADMIN, Cluster, USER, login::PASSWORD};
use crate::{
    file::Files,
    image,
    pod::Pod,
    tls::{self, Reads},
    units::{MIB, millicores},
};

const SCRIPT: &str = include_str!("setup.sh");

/// One thing that is asked for, whole, so that asking twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    step: Step,
    path: String,
    body: String,
    /// Whose password belongs into the body, and the Secret that holds it.
    password: Option<(String, String)>,
}

/// What has to be there before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Policy,
    Template,
    Role,
    User,
    Repository,
    Snapshots,
}

/// What a part of the stack wants of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    cluster: ResourceId,
    requests: Vec<Request>,
    waiting: Vec<Pods>,
}

impl Request {
    /// A lifecycle policy of that name.
    pub(crate) fn policy<T: Serialize>(name: &str, body: &T) -> Self {
        Self::put(Step::Policy, format!("_ilm/policy/{name}"), body)
    }

    /// A component template of that name.
    pub(crate) fn component_template<T: Serialize>(name: &str, body: &T) -> Self {
        Self::put(Step::Template, format!("_component_template/{name}"), body)
    }

    /// A role of that name.
    pub(crate) fn role<T: Serialize>(name: &str, body: &T) -> Self {
        Self::put(Step::Role, format!("_security/role/{name}"), body)
    }

    /// A user of that name, whose password stands in that Secret.
    pub(crate) fn user<T: Serialize>(name: &str, body: &T, secret: &str) -> Self {
        let password = (name.to_owned(), secret.to_owned());
        Self {
            password: Some(password),
            ..Self::put(Step::User, format!("_security/user/{name}"), body)
        }
    }

    /// A place for snapshots of that name.
    pub(crate) fn repository<T: Serialize>(name: &str, body: &T) -> Self {
        Self::put(Step::Repository, format!("_snapshot/{name}"), body)
    }

    /// A policy for snapshots of that name.
    pub(crate) fn snapshots<T: Serialize>(name: &str, body: &T) -> Self {
        Self::put(Step::Snapshots, format!("_slm/policy/{name}"), body)
    }

    fn put<T: Serialize>(step: Step, path: String, body: &T) -> Self {
        let body = serde_json::to_string_pretty(body)
            .expect("bodies are structs, maps, lists and scalars, which can be written");
        Self {
            step,
            path,
            body,
            password: None,
        }
    }

    /// As the script reads it.
    fn line(&self) -> String {
        let who = self.password.as_ref().map_or("-", |(user, _)| user);
        format!("{}\t{}\t{who}\n", self.path, self.file())
    }

    /// A name that a ConfigMap takes as a key.
    fn file(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = self.path.chars().map(plain).collect();
        format!("{}.json", name.trim_matches('-'))
    }
}

impl Wish {
    /// These things of that cluster.
    pub(crate) fn of(cluster: &Cluster, requests: Vec<Request>) -> Self {
        Self {
            cluster: cluster.id.clone(),
            requests,
            waiting: Vec::new(),
        }
    }

    /// And these Pods are of no use without them.
    pub(crate) fn before(mut self, pods: impl Into<Pods>) -> Self {
        self.waiting.push(pods.into());
        self
    }
}

/// Adds the Job, if anyone wants anything of the cluster.
pub(super) fn fulfil(scope: &mut Scope<'_>, cluster: &Cluster) {
    let mut wishes = scope.announced::<Wish>();
    wishes.retain(|wish| wish.cluster == cluster.id);
    let mut requests: Vec<Request> = wishes.iter().flat_map(|w| w.requests.clone()).collect();
    requests.sort();
    requests.dedup();
    if requests.is_empty() {
        return;
    }
    let job = job(scope, cluster, &requests);
    for pods in wishes.iter().flat_map(|wish| &wish.waiting) {
        scope.hold_back(pods, &job);
    }
}

/// A file with the password of each user.
fn passwords(users: impl Iterator<Item = (String, String)>) -> Volume {
    let source = |(user, secret): (String, String)| VolumeProjection {
        secret: Some(SecretProjection {
            name: secret,
            items: Some(vec![KeyToPath {
                key: PASSWORD.to_owned(),
                path: user,
                ..KeyToPath::default()
            }]),
            ..SecretProjection::default()
        }),
        ..VolumeProjection::default()
    };
    Volume {
        name: "passwords".to_owned(),
        projected: Some(ProjectedVolumeSource {
            sources: Some(users.map(source).collect()),
            ..ProjectedVolumeSource::default()
        }),
        ..Volume::default()
    }
}

fn job(scope: &mut Scope<'_>, cluster: &Cluster, requests: &[Request]) -> Ref<Job> {
    let name = format!("{}-setup", cluster.name);
    let mut files = Files::one("setup.sh", SCRIPT.to_owned());
    for request in requests {
        files.add(&request.file(), request.body.clone());
    }
    let lines = requests.iter().map(Request::line);
    files.add("requests", lines.collect());
    let files = files.build(scope, &name);

    let mut pod = Pod::new(&name, image::ELASTICSEARCH);
    pod.user = USER;
    pod.component = Some("setup");
    pod.resources.cpu = millicores(50);
    pod.resources.memory_request = 64 * MIB;
    pod.resources.memory_limit = 64 * MIB;
    pod.container.command = Some(vec!["bash".to_owned(), "/setup/setup.sh".to_owned()]);
    pod.env("URL", cluster.api.url());
    if let Some(trusted) = tls::trust(scope, &mut pod, Reads::Everything) {
        pod.env("CA", trusted);
    }
    if let Some(admin) = &cluster.admin {
        let users = requests.iter().filter_map(|r| r.password.clone());
        let admin = (ADMIN.to_owned(), admin.name().to_owned());
        pod.volumes.push(passwords(users.chain([admin])));
        pod.mount_read_only("passwords", "/run/elasticsearch");
    }
    pod.config(files.name(), "/setup");
    // Where bash keeps what it hands to a program's input.
    pod.scratch("tmp", "/tmp");
    let labels = pod.labels(scope.stack());
    let mut template = pod.template(scope.stack(), 1);
    if let Some(spec) = &mut template.spec {
        spec.restart_policy = Some("Never".to_owned());
    }
    let job = scope.add(Job {
        metadata: ObjectMeta {
            name: Some(name),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: Some(JobSpec {
            active_deadline_seconds: Some(3600),
            backoff_limit: Some(4),
            template,
            ..JobSpec::default()
        }),
        ..Job::default()
    });
    scope.connect(&job, cluster.api.destination());
    job
}
