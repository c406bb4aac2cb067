//! What is a server made of?

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::ServiceAccount};
use provider_core::{Exposure, Finding, Module, Pods, Ref, Scope, Security};

use super::{
    Measures, Prometheus, PrometheusOutputs, RULES, SCRAPE, Takes, Translation, USUAL, UsualAlerts,
    WEB,
    load::{self, Size},
    scrape,
};
use crate::{
    file::{Files, yaml},
    image,
    made::{self, Ways},
    monitoring,
    pod::{Pod, User, every, http_probe},
    tls::{self, Reads},
    units::millicores,
    watch::{self, Count, Role, Rules, Watched},
    workload::Workload,
};

impl<T: Takes> Module for Prometheus<T> {
    type Outputs = PrometheusOutputs<T>;

    fn build(self, scope: &mut Scope<'_>) -> PrometheusOutputs<T> {
        let size = self.load.size(
            load::PROMETHEUS,
            self.keep,
            (self.memory, self.storage),
            USUAL,
        );
        self.check(scope, size);
        let settings = self.settings(scope.stack(), size);
        let mut files = Files::one("prometheus.yml", yaml(&settings));
        let security = tls::security(scope);
        if security != Security::Plain {
            files.add("web.yml", tls::web_config());
        }
        let config = files.build(scope, &self.name);
        let account = scrape::account(scope, &self.name);
        let mut set = self.workload(config.name(), size);
        self.secure(scope, &mut set.pod);
        let set = scope.add(set);
        for destination in self.links.destinations() {
            scope.connect(&set, &destination);
        }
        let web = WEB.secured(security);
        let each = scope.expose_as(Exposure::each_replica(), &set, web);
        let query = scope.expose_as(Exposure::service().sticky(), &set, web);
        let watched = Watched::new(&set, web)
            .over(security)
            .role(Role::Prometheus);
        scope.announce(watched.count(Count::Replicas(self.wanted)));
        if !T::ARGS.is_empty() && self.translation == Translation::Underscores {
            made::keeps(scope, &set);
        }
        let server = Server {
            name: self.name,
            measures: self.measures,
            usual: self.usual,
            rules: self.rules,
            pods: set.clone(),
            account,
        };
        scope.at_end(move |scope| server.observe(scope));
        let (otlp, remote_write) = T::doors(&each);
        PrometheusOutputs {
            otlp,
            remote_write,
            query,
            pods: set,
        }
    }
}

/// What is left to do when everything has been announced.
struct Server {
    name: String,
    measures: Measures,
    usual: UsualAlerts,
    rules: Vec<Rules>,
    pods: Ref<StatefulSet>,
    account: Ref<ServiceAccount>,
}

impl Server {
    /// Measures what was announced, and works out the rules.
    fn observe(self, scope: &mut Scope<'_>) {
        let mut watched = watch::watched(scope);
        let mut rules = self.rules;
        match self.measures {
            Measures::Stack => {
                rules.extend(scope.announced());
                if self.usual == UsualAlerts::WorkedOut {
                    let made = Ways::of(scope).at(&Pods::from(&self.pods));
                    rules.extend(monitoring::rules(&watched, &made));
                }
            }
            Measures::Itself => watched.retain(|one| one.pods == Pods::from(&self.pods)),
        }
        let files = Files::one("stack.yml", yaml(&scrape::file(&watched)));
        files.build_reloaded(scope, &self.name, "scrape");
        let files = watch::rule_files(scope, rules);
        files.build_reloaded(scope, &self.name, "rules");
        scrape::allow(scope, &self.pods, &self.account, &watched);
    }
}

impl<T: Takes> Prometheus<T> {
    fn check(&self, scope: &mut Scope<'_>, size: Size) {
        self.load
            .check(scope, &self.name, (load::PROMETHEUS, self.keep, size));
        self.links.check(scope, &self.name);
        watch::must_run(scope, &self.name, self.wanted);
        if self.measures == Measures::Stack {
            watch::measures_everything(scope, &self.name);
        }
        if self.keep.count() == 0 {
            let message = format!("`{}` keeps nothing", self.name);
            scope.finding(Finding::new("keeps-nothing", message));
        }
    }

    /// Its certificate is read anew for each connection, and whom it trusts as well.
    fn secure(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        let members = format!("{}-headless", self.name);
        if tls::serve(scope, pod, &[&members], Reads::Everything).is_some() {
            pod.arg("--web.config.file=/etc/prometheus/config/web.yml");
            tls::probe_securely(pod);
        }
    }

    fn workload(&self, config: &str, size: Size) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::PROMETHEUS)
            .listen(WEB)
            .replicas(self.wanted)
            .cpu(millicores(500))
            .memory(size.memory)
            .keep(size.storage, "/prometheus");
        set.serves_as = Some(format!("{}-headless", self.name));
        let pod = &mut set.pod;
        pod.user = User::new(65534);
        pod.component = Some("metrics");
        pod.spread = self.spread;
        pod.account = Some(self.name.clone());
        // Which replica it is stands in its external labels.
        pod.env_field("POD_NAME", "metadata.name");
        pod.config(config, "/etc/prometheus/config");
        for (kind, path) in [("scrape", SCRAPE), ("rules", RULES)] {
            pod.config_map(kind, &format!("{}-{kind}", self.name), path);
        }
        for arg in [
            "--config.file=/etc/prometheus/config/prometheus.yml",
            // Also when a file changes that it names.
            "--config.auto-reload",
            "--storage.tsdb.path=/prometheus",
            "--enable-feature=exemplar-storage",
        ] {
            pod.arg(arg);
        }
        for arg in T::ARGS {
            pod.arg(*arg);
        }
        // After a crash it reads its log of writes again, which takes minutes for large servers.
        pod.container.startup_probe = Some(every(http_probe(WEB.name, "/-/ready"), 15, 120));
        pod.container.readiness_probe = Some(every(http_probe(WEB.name, "/-/ready"), 10, 3));
        pod.container.liveness_probe = Some(every(http_probe(WEB.name, "/-/healthy"), 15, 6));
        pod.grace_seconds = Some(300);
        set
    }
}
