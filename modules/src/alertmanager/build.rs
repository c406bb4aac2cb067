//! What is an Alertmanager made of?

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{SecretVolumeSource, Volume},
};
use provider_core::{Destination, Exposure, Finding, Module, Scope, Security};

use super::{
    Alertmanager, AlertmanagerOutputs, Inhibition, MESH, MESH_UDP, Matcher, Receiver, Route, Told,
    WEB,
    config::{AlertmanagerYml, Global, RouteYml},
    receiver::SECRETS,
};
use crate::{
    file::{Files, yaml},
    image,
    pod::{Pod, User, every, http_probe},
    tls::{self, Reads},
    units::{go_bytes, millicores},
    watch::{self, Count, Role, Watched},
    workload::Workload,
};

impl Module for Alertmanager {
    type Outputs = AlertmanagerOutputs;

    fn build(self, scope: &mut Scope<'_>) -> AlertmanagerOutputs {
        let root = self.root();
        let receivers = self.receivers(scope, &root);
        self.check(scope, &root);
        let mut files = Files::one("alertmanager.yml", yaml(&self.settings(&root, &receivers)));
        let security = tls::security(scope);
        if security != Security::Plain {
            let members = format!("{}-headless.{}.svc", self.name, scope.namespace());
            files.add("web.yml", tls::web_config());
            files.add("mesh.yml", tls::mesh_config(members));
        }
        let config = files.build(scope, &self.name);
        let mut set = self.workload(scope.namespace(), config.name(), &receivers);
        self.secure(scope, &mut set.pod);
        let web = WEB.secured(security);
        let set = scope.add(set);
        // Members look each other up before they are ready.
        let members = || Exposure::each_replica().unready_too();
        if self.wanted > 1 {
            // Over TLS they only speak TCP.
            let udp = (security == Security::Plain).then_some(MESH_UDP);
            for port in [MESH.secured(security)].into_iter().chain(udp) {
                let mesh = scope.expose_as(members(), &set, port);
                scope.connect(&set, mesh.destination());
            }
        }
        let alerts = scope.expose_as(members(), &set, web);
        for to in self.sends(&receivers) {
            scope.connect(&set, &to);
        }
        let watched = Watched::new(&set, web)
            .over(security)
            .role(Role::Alertmanager);
        scope.announce(watched.count(Count::Replicas(self.wanted)));
        let query = scope.expose(&set, web);
        AlertmanagerOutputs {
            alerts,
            web: query.also(),
            query,
            pods: set,
        }
    }
}

impl Alertmanager {
    /// The members' gossip reads its files only at the start.
    fn secure(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        let members = format!("{}-headless", self.name);
        if tls::serve(scope, pod, &[&members], Reads::Nothing).is_none() {
            return;
        }
        pod.arg("--web.config.file=/etc/alertmanager/config/web.yml");
        if self.wanted > 1 {
            pod.arg("--cluster.tls-config=/etc/alertmanager/config/mesh.yml");
        }
        tls::probe_securely(pod);
    }

    fn root(&self) -> Route {
        let receiver = match &self.told {
            Told::Somebody(receiver) => receiver.clone(),
            Told::Unsaid | Told::Nobody => Receiver::new("nobody"),
        };
        let root = Route::to(receiver)
            .group_by("alertname")
            .group_by("namespace");
        self.routes.iter().cloned().fold(root, Route::route)
    }

    /// Everyone who is told, by name.
    fn receivers(&self, scope: &mut Scope<'_>, root: &Route) -> BTreeMap<String, Receiver> {
        let mut receivers = BTreeMap::<String, Receiver>::new();
        for route in root.all() {
            let name = &route.receiver.yaml.name;
            let known = receivers
                .entry(name.clone())
                .or_insert_with(|| route.receiver.clone());
            if *known != route.receiver {
                let message = format!("two receivers of `{}` are called `{name}`", self.name);
                scope.finding(Finding::new("receiver-twice", message));
            }
        }
        receivers
    }

    fn check(&self, scope: &mut Scope<'_>, root: &Route) {
        if matches!(self.told, Told::Unsaid) {
            let message = format!("nobody is told of what `{}` hears", self.name);
            let hint = "`send` to a receiver, or say `tell_nobody`";
            scope.finding(Finding::new("alerts-to-nobody", message).hint(hint));
        }
        if matches!(self.told, Told::Nobody) && self.routes.is_empty() {
            let message = format!(
                "`{}` tells nobody: alerts are only looked at, critical ones too",
                self.name
            );
            let note = Finding::new("alerts-only-looked-at", message);
            scope.note(
                note.hint("`send` to a receiver, or `route` those that somebody has to know of"),
            );
        }
        let above = usize::from(!matches!(self.told, Told::Somebody(_)));
        for route in root.all().into_iter().skip(above) {
            let name = &route.receiver.yaml.name;
            if !route.receiver.is_told() {
                let message = format!("the receiver `{name}` is told of alerts in no way");
                let hint = "give it a channel, an address or a program";
                scope.finding(Finding::new("alerts-to-nobody", message).hint(hint));
            }
            if self.smtp.is_none() && !route.receiver.yaml.email_configs.is_empty() {
                let message = format!("`{}` knows no server for the mail to `{name}`", self.name);
                let hint = "name one with `smtp`";
                scope.finding(Finding::new("mail-without-server", message).hint(hint));
            }
        }
        for label in labels(root, &self.inhibitions) {
            if !legal(&label) {
                let message = format!("`{label}` is no label of an alert");
                scope.finding(Finding::new("alert-label", message));
            }
        }
        watch::must_run(scope, &self.name, self.wanted);
        if self.wanted == 1 {
            let message = format!(
                "`{}` has one member: while it is away nobody is told",
                self.name
            );
            let note = Finding::new("alertmanager-alone", message);
            scope.note(note.hint("`replicas(3)` tell each other what they have sent"));
        }
    }

    fn settings(&self, root: &Route, receivers: &BTreeMap<String, Receiver>) -> AlertmanagerYml {
        AlertmanagerYml {
            global: self.smtp.as_ref().map(|smtp| Global {
                smtp_from: smtp.from.clone(),
                smtp_smarthost: format!("{}:{}", smtp.host, smtp.port),
                smtp_auth_username: smtp.user.clone(),
                smtp_auth_password_file: smtp.password.clone(),
            }),
            route: RouteYml {
                group_wait: Some("30s".to_owned()),
                group_interval: Some("5m".to_owned()),
                repeat_interval: Some("4h".to_owned()),
                ..root.yaml()
            },
            inhibit_rules: self.inhibitions.iter().map(Inhibition::yaml).collect(),
            receivers: receivers.values().map(|one| one.yaml.clone()).collect(),
        }
    }

    fn sends(&self, receivers: &BTreeMap<String, Receiver>) -> Vec<Destination> {
        let told = receivers.values().flat_map(|one| one.sends.clone());
        let mail = self.smtp.iter().map(super::Smtp::destination);
        told.chain(mail).collect()
    }

    fn workload(
        &self,
        namespace: &str,
        config: &str,
        receivers: &BTreeMap<String, Receiver>,
    ) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::ALERTMANAGER)
            .listen(WEB)
            .replicas(self.wanted)
            .cpu(millicores(50))
            .memory(self.memory)
            .keep(self.storage, "/alertmanager");
        set.parallel = true;
        let members = format!("{}-headless", self.name);
        set.serves_as = Some(members.clone());
        let pod = &mut set.pod;
        pod.user = User::new(65534);
        pod.component = Some("alerts");
        pod.spread = self.spread;
        pod.config(config, "/etc/alertmanager/config");
        let told = receivers.values().flat_map(|one| &one.secrets);
        let mail = self.smtp.iter().filter_map(|smtp| smtp.secret.as_ref());
        let secrets: BTreeSet<&String> = told.chain(mail).collect();
        for (number, secret) in secrets.into_iter().enumerate() {
            let volume = format!("secret-{number}");
            pod.mount_read_only(&volume, &format!("{SECRETS}/{secret}"));
            pod.volumes.push(secret_volume(volume, secret));
        }
        pod.env("GOMEMLIMIT", go_bytes(self.memory / 10 * 9));
        pod.arg("--config.file=/etc/alertmanager/config/alertmanager.yml");
        pod.arg("--storage.path=/alertmanager");
        if let Some(url) = &self.url {
            pod.arg(format!("--web.external-url={url}"));
        }
        if self.wanted < 2 {
            pod.arg("--cluster.listen-address=");
        } else {
            pod.listen(MESH);
            pod.listen(MESH_UDP);
            pod.env_field("POD_IP", "status.podIP");
            let port = MESH.number;
            pod.arg(format!("--cluster.listen-address=[$(POD_IP)]:{port}"));
            // Of its own it would advertise private addresses only, which those of Pods need not be.
            pod.arg(format!("--cluster.advertise-address=[$(POD_IP)]:{port}"));
            pod.arg(format!("--cluster.label={namespace}/{}", self.name));
            // A member that comes back has another address, and the old one is not waited for.
            pod.arg("--cluster.reconnect-timeout=5m");
            for ordinal in 0..self.wanted {
                let host = format!("{}-{ordinal}.{members}.{namespace}.svc", self.name);
                pod.arg(format!("--cluster.peer={host}:{port}"));
            }
        }
        pod.container.startup_probe = Some(every(http_probe(WEB.name, "/-/ready"), 2, 60));
        pod.container.readiness_probe = Some(every(http_probe(WEB.name, "/-/ready"), 10, 3));
        pod.container.liveness_probe = Some(every(http_probe(WEB.name, "/-/healthy"), 15, 6));
        set
    }
}

fn secret_volume(name: String, secret: &str) -> Volume {
    Volume {
        name,
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret.to_owned()),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

fn labels(root: &Route, inhibitions: &[Inhibition]) -> BTreeSet<String> {
    let routed = root.all().into_iter().flat_map(|route| &route.matchers);
    let inhibited = inhibitions
        .iter()
        .flat_map(|one| one.enough.iter().chain(&one.needless));
    let matched = routed
        .chain(inhibited)
        .map(|matcher: &Matcher| &matcher.label);
    let grouped = root.all().into_iter().flat_map(Route::groups);
    let equal = inhibitions.iter().flat_map(|one| &one.equal);
    matched.chain(grouped).chain(equal).cloned().collect()
}

fn legal(label: &str) -> bool {
    let mut characters = label.chars();
    let first = characters.next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
