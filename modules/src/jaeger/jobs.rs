//! What has to be done beside the programs? Indices have to be begun once, and deleted when they are old.

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use provider_core::{Ref, Scope, kube_core::ObjectMeta};

use super::{Jaeger, storage::Storage};
use crate::{
    elasticsearch::{Rights, Wish},
    image,
    pod::{Pod, User},
    tls::{self, Reads},
    units::{MIB, millicores},
};

impl Jaeger {
    /// Deletes old indices, shortly after each day has ended in UTC.
    pub(super) fn cleaner(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<CronJob> {
        let name = format!("{}-index-cleaner", self.name);
        let mut pod = small(&name, image::JAEGER_INDEX_CLEANER, "index-cleaner");
        pod.arg(self.keep.count().to_string());
        pod.arg(&storage.url);
        pod.arg(format!("--index-prefix={}", storage.prefix));
        let deletes = ["view_index_metadata", "delete_index"];
        let rights = Rights::of(&["monitor"]).on(&[self.own_indices()], &deletes);
        self.log_in(scope, &mut pod, "cleaner", &rights);
        let labels = pod.labels(scope.stack());
        let job = JobSpec {
            active_deadline_seconds: Some(600),
            ..run(scope, pod)
        };
        scope.add(CronJob {
            metadata: ObjectMeta {
                name: Some(name),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            spec: CronJobSpec {
                concurrency_policy: Some("Forbid".to_owned()),
                failed_jobs_history_limit: Some(3),
                job_template: JobTemplateSpec {
                    metadata: None,
                    spec: Some(job),
                },
                schedule: "20 0 * * *".to_owned(),
                // A cluster that slept through the hour makes up for it.
                starting_deadline_seconds: Some(3600),
                successful_jobs_history_limit: Some(1),
                time_zone: Some("Etc/UTC".to_owned()),
                ..CronJobSpec::default()
            },
            status: None,
        })
    }

    /// Writes the templates, and begins the first of the indices that Elasticsearch goes on with by its policy.
    pub(super) fn begin(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Job> {
        let policy = format!("--es.ilm-policy-name={}", storage.policy());
        let more = ["--es.use-ilm=true".to_owned(), policy];
        let shards = storage.nodes;
        self.first_indices(scope, storage, &storage.prefix, shards, &more)
    }

    /// Begins the index of what someone chose to keep. It is never left for another.
    pub(super) fn begin_archive(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Job> {
        self.first_indices(scope, storage, &storage.archive_prefix(), 1, &[])
    }

    fn first_indices(
        &self,
        scope: &mut Scope<'_>,
        storage: &Storage,
        prefix: &str,
        shards: u32,
        more: &[String],
    ) -> Ref<Job> {
        let name = format!("{prefix}-first-indices");
        let mut pod = small(&name, image::JAEGER_ROLLOVER, "first-indices");
        pod.arg("init");
        pod.arg(&storage.url);
        pod.arg(format!("--index-prefix={prefix}"));
        pod.arg(format!("--shards={shards}"));
        pod.arg(format!("--replicas={}", storage.copies()));
        for arg in more {
            pod.arg(arg);
        }
        if self.samples_adaptively() {
            pod.arg("--adaptive-sampling=true");
        }
        let mut names = vec![self.own_indices()];
        if self.archives {
            names.push(format!("{}-jaeger-*", storage.archive_prefix()));
        }
        let rights = Rights::of(&["monitor", "manage_index_templates", "read_ilm"]);
        self.log_in(scope, &mut pod, "indices", &rights.on(&names, &["manage"]));
        let labels = pod.labels(scope.stack());
        let job = JobSpec {
            active_deadline_seconds: Some(3600),
            ..run(scope, pod)
        };
        let job = scope.add(Job {
            metadata: ObjectMeta {
                name: Some(name),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            spec: Some(job),
            ..Job::default()
        });
        scope.connect(&job, self.api.destination());
        scope.announce(Wish::of(&self.cluster, Vec::new()).before(&job));
        job
    }

    /// Lets a small program ask as a user of its own, and know whom it asks.
    fn log_in(&self, scope: &mut Scope<'_>, pod: &mut Pod, who: &str, rights: &Rights) {
        if let Some(trusted) = tls::trust(scope, pod, Reads::Everything) {
            pod.arg("--es.tls.enabled=true");
            pod.arg(format!("--es.tls.ca={trusted}"));
        }
        let user = format!("{}-{who}", self.name);
        if let Some(login) = self.cluster.login(scope, &user, rights) {
            login.variables(pod);
        }
    }
}

/// A Pod of a program that asks a few questions and ends.
fn small(name: &str, image: image::Image, component: &'static str) -> Pod {
    let mut pod = Pod::new(name, image);
    pod.user = User::new(10001);
    pod.component = Some(component);
    pod.resources.cpu = millicores(50);
    pod.resources.memory_request = 64 * MIB;
    pod.resources.memory_limit = 128 * MIB;
    pod
}

fn run(scope: &Scope<'_>, pod: Pod) -> JobSpec {
    let mut template = pod.template(scope.stack(), 1);
    if let Some(spec) = &mut template.spec {
        spec.restart_policy = Some("Never".to_owned());
    }
    JobSpec {
        backoff_limit: Some(3),
        template,
        ..JobSpec::default()
    }
}
