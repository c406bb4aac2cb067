//! What may Pods not say?

use serde_json::Value;

use super::Violation;
use crate::graph::{
    template::Template,
    walk::{find, item_name, items, join},
};

/// Fields that allow certain values only, if they are there at all.
pub(super) struct Row {
    /// Patterns within the Pod's spec; those that begin with `@` are within each container.
    fields: &'static [&'static str],
    allows: Allows,
}

#[derive(Clone, Copy)]
enum Allows {
    /// `false`, empty text or zero: as if nothing were there.
    Nothing,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any number but zero.
    NotZero,
}

pub(super) const BASELINE: &[Row] = &[
    row(
        &[
            "securityContext.windowsOptions.hostProcess",
            "@securityContext.windowsOptions.hostProcess",
        ],
        Allows::Nothing,
    ),
    row(&["hostNetwork", "hostPID", "hostIPC"], Allows::Nothing),
    row(&["@securityContext.privileged"], Allows::Nothing),
    row(
        &["@securityContext.capabilities.add[]"],
        Allows::OneOf(&[
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_CHROOT",
        ]),
    ),
    row(&["volumes[].hostPath"], Allows::Nothing),
    row(&["@ports[].hostPort"], Allows::Nothing),
    // A probe of another host lets a Pod reach through the kubelet.
    row(
        &[
            "@livenessProbe.httpGet.host",
            "@livenessProbe.tcpSocket.host",
            "@readinessProbe.httpGet.host",
            "@readinessProbe.tcpSocket.host",
            "@startupProbe.httpGet.host",
            "@startupProbe.tcpSocket.host",
            "@lifecycle.postStart.httpGet.host",
            "@lifecycle.postStart.tcpSocket.host",
            "@lifecycle.preStop.httpGet.host",
            "@lifecycle.preStop.tcpSocket.host",
        ],
        Allows::Nothing,
    ),
    row(
        &[
            "securityContext.appArmorProfile.type",
            "@securityContext.appArmorProfile.type",
        ],
        PROFILES,
    ),
    row(
        &[
            "securityContext.seLinuxOptions.type",
            "@securityContext.seLinuxOptions.type",
        ],
        Allows::OneOf(&[
            "",
            "container_t",
            "container_init_t",
            "container_kvm_t",
            "container_engine_t",
        ]),
    ),
    row(
        &[
            "securityContext.seLinuxOptions.user",
            "securityContext.seLinuxOptions.role",
            "@securityContext.seLinuxOptions.user",
            "@securityContext.seLinuxOptions.role",
        ],
        Allows::Nothing,
    ),
    row(
        &["@securityContext.procMount"],
        Allows::OneOf(&["", "Default"]),
    ),
    row(
        &[
            "securityContext.seccompProfile.type",
            "@securityContext.seccompProfile.type",
        ],
        PROFILES,
    ),
    row(
        &["securityContext.sysctls[].name"],
        Allows::OneOf(&[
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ping_group_range",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.tcp_wmem",
        ]),
    ),
];

pub(super) const RESTRICTED: &[Row] = &[
    row(
        &["@securityContext.capabilities.add[]"],
        Allows::OneOf(&["NET_BIND_SERVICE"]),
    ),
    row(
        &["securityContext.runAsUser", "@securityContext.runAsUser"],
        Allows::NotZero,
    ),
];

const PROFILES: Allows = Allows::OneOf(&["RuntimeDefault", "Localhost"]);
/// The kinds of volume that lead to nothing of the node's.
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

impl Row {
    pub(super) fn violations(&self, pods: &Template<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        for field in self.fields {
            let found = match field.strip_prefix('@') {
                None => pods.find(field),
                Some(field) => in_containers(pods, field),
            };
            for (path, value) in found.into_iter().map(|found| (found.path, found.value)) {
                if !self.allows.value(value) {
                    violations.push(Violation {
                        path,
                        says: said(value),
                        mend: self.allows.mend(),
                    });
                }
            }
        }
        violations
    }
}

/// Volumes of kinds that lead to the node.
pub(super) fn volumes(pods: &Template<'_>) -> Vec<Violation> {
    let is_harmless = |volume: &Value| VOLUMES.iter().any(|kind| volume.get(kind).is_some());
    items(pods.spec(), "volumes")
        .iter()
        .enumerate()
        .filter(|(_, volume)| !is_harmless(volume))
        .filter(|(_, volume)| volume.get("hostPath").is_none())
        .map(|(index, volume)| Violation {
            path: pods.path(&format!("spec.volumes[{}]", item_name(volume, index))),
            says: "is of a kind".into(),
            mend: format!("choose one of {}", VOLUMES.join(", ")),
        })
        .collect()
}

/// How `AppArmor` was chosen before it was a field.
pub(super) fn app_armor_annotations(pods: &Template<'_>) -> Vec<Violation> {
    let of_app_armor = "container.apparmor.security.beta.kubernetes.io/";
    let allowed = |profile: &str| {
        matches!(profile, "" | "runtime/default") || profile.starts_with("localhost/")
    };
    pods.annotations()
        .into_iter()
        .filter(|(key, profile)| key.starts_with(of_app_armor) && !allowed(profile))
        .map(|(key, profile)| Violation {
            path: pods.path(&format!("metadata.annotations[{key}]")),
            says: format!("is `{profile}`"),
            mend: "say `runtime/default`, or leave it out".into(),
        })
        .collect()
}

fn in_containers<'a>(pods: &Template<'a>, field: &str) -> Vec<crate::graph::walk::Found<'a>> {
    let mut all = Vec::new();
    for container in pods.containers() {
        let mut found = find(container.value, field);
        for each in &mut found {
            each.path = join(&container.path, &each.path);
        }
        all.extend(found);
    }
    all
}

impl Allows {
    fn value(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            (Allows::Nothing, value) => {
                matches!(value, Value::Bool(false)) || value == "" || value == 0
            }
            (Allows::OneOf(words), Value::String(word)) => words.contains(&word.as_str()),
            (Allows::OneOf(_), _) => false,
            (Allows::NotZero, value) => value != 0,
        }
    }

    fn mend(self) -> String {
        match self {
            Allows::Nothing => {
                "leave it out, or describe the Pods with `scope.on_nodes` if they need the node"
                    .into()
            }
            Allows::OneOf(words) => {
                let words: Vec<_> = words
                    .iter()
                    .filter(|word| !word.is_empty())
                    .copied()
                    .collect();
                format!("leave it out, or choose one of {}", words.join(", "))
            }
            Allows::NotZero => "choose another user than root, such as 65532".into(),
        }
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => format!("is `{text}`"),
        Value::Object(_) | Value::Array(_) => "is set".into(),
        other => format!("is {other}"),
    }
}

const fn row(fields: &'static [&'static str], allows: Allows) -> Row {
    Row { fields, allows }
}
