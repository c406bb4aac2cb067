//! Programs that end: once, or again and again.

use k8s_openapi::api::{
    batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec},
    core::v1::PodTemplateSpec,
};
use provider_core::{Module, Ref, Scope, kube_core::ObjectMeta};

use super::{Workload, kinds::connect};
use crate::file::{digest_of, yaml};

/// So many times is a Pod tried again before its Job has failed.
const ATTEMPTS: i32 = 4;

impl Workload<Job> {
    /// A program that runs to its end, once.
    ///
    /// A Job cannot be changed, so its name ends with a digest of what it runs: other content is another Job, and
    /// the one before leaves with the next `up`.
    ///
    /// ```compile_fail
    /// // What runs once has no replicas.
    /// modules::Workload::job("migrate", "shop:1.0.0").replicas(2);
    /// ```
    pub fn job(name: &str, image: impl Into<String>) -> Self {
        Self::new(name, image)
    }
}

impl Workload<CronJob> {
    /// A program that runs to its end at the times of a cron schedule, such as `0 3 * * *`, never twice at once.
    pub fn cron_job(name: &str, image: impl Into<String>, schedule: &str) -> Self {
        let mut workload = Self::new(name, image);
        schedule.clone_into(&mut workload.schedule);
        workload
    }
}

impl<K> Workload<K> {
    /// What both kinds run: tried again in place, without a word about when it is ready.
    fn ending(&self, scope: &Scope<'_>) -> JobSpec {
        let mut pod = self.pod.clone();
        // Nobody sends to a program that ends; its probes and the pause before its end serve no one.
        pod.container.readiness_probe = None;
        pod.container.startup_probe = None;
        pod.container.lifecycle = None;
        let mut template = pod.template(scope.stack(), 1);
        if let Some(spec) = &mut template.spec {
            spec.restart_policy = Some("OnFailure".to_owned());
        }
        JobSpec {
            backoff_limit: Some(ATTEMPTS),
            template,
            ..JobSpec::default()
        }
    }
}

impl Module for Workload<Job> {
    type Outputs = Ref<Job>;

    fn build(mut self, scope: &mut Scope<'_>) -> Ref<Job> {
        let sends = self.tell(scope);
        let spec = self.ending(scope);
        let name = format!("{}-{}", self.pod.name, digest(&spec.template));
        let metadata = ObjectMeta {
            name: Some(name),
            ..self.metadata(scope.stack())
        };
        let job = scope.add(Job {
            metadata,
            spec: Some(spec),
            ..Job::default()
        });
        connect(scope, &job, &sends);
        job
    }
}

impl Module for Workload<CronJob> {
    type Outputs = Ref<CronJob>;

    fn build(mut self, scope: &mut Scope<'_>) -> Ref<CronJob> {
        let sends = self.tell(scope);
        let template = JobTemplateSpec {
            spec: Some(self.ending(scope)),
            ..JobTemplateSpec::default()
        };
        let job = scope.add(CronJob {
            metadata: self.metadata(scope.stack()),
            spec: CronJobSpec {
                concurrency_policy: Some("Forbid".to_owned()),
                job_template: template,
                schedule: self.schedule.clone(),
                ..CronJobSpec::default()
            },
            ..CronJob::default()
        });
        connect(scope, &job, &sends);
        job
    }
}

fn digest(template: &PodTemplateSpec) -> String {
    digest_of(&[("template", &yaml(template))])
}
