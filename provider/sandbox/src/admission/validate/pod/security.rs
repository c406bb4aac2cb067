//! Whether security contexts are legal.

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::names::check;
use super::super::numbers::in_range;
use super::super::paths::descending;

const IDS: i64 = i32::MAX as i64;

/// The context of a whole Pod.
pub(super) fn pod(at: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(&at.field(field), causes);
    }
    for group in at.field("supplementalGroups").items() {
        id(&group, causes);
    }
    let shared = spec.field("shareProcessNamespace");
    if shared.is_true() && spec.field("hostPID").is_true() {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        causes.invalid(
            &shared.renamed(format!("{}.shareProcessNamespace", at.path())),
            detail,
        );
    }
    sysctls(&at.field("sysctls"), causes);
    optional(
        &at.field("fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
        causes,
    );
    optional(
        &at.field("supplementalGroupsPolicy"),
        &["Merge", "Strict"],
        causes,
    );
    optional(
        &at.field("seLinuxChangePolicy"),
        &["MountOption", "Recursive"],
        causes,
    );
    profile(&at.field("seccompProfile"), "seccomp", causes);
    profile(&at.field("appArmorProfile"), "AppArmor", causes);
    host_users(spec, causes);
}

/// The context of a container.
pub(super) fn container(at: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    for field in ["runAsUser", "runAsGroup"] {
        id(&at.field(field), causes);
    }
    optional(&at.field("procMount"), &["Default", "Unmasked"], causes);
    let shares_users = spec.field("hostUsers").value() != &serde_json::Value::Bool(false);
    if at.field("procMount").text() == "Unmasked" && shares_users {
        causes.invalid(
            &at.field("procMount"),
            "`hostUsers` must be false to use `Unmasked`",
        );
    }
    profile(&at.field("seccompProfile"), "seccomp", causes);
    profile(&at.field("appArmorProfile"), "AppArmor", causes);
    if at.field("allowPrivilegeEscalation").value() == &serde_json::Value::Bool(false) {
        if at.field("privileged").is_true() {
            causes.invalid(
                at,
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            );
        }
        if at.at("capabilities.add").texts().contains(&"CAP_SYS_ADMIN") {
            causes.invalid(at, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
        }
    }
}

fn id(at: &At<'_>, causes: &mut Causes) {
    if at.is_set() {
        in_range(at, 0, IDS, causes);
    }
}

fn optional(at: &At<'_>, supported: &[&str], causes: &mut Causes) {
    if at.is_set() {
        causes.one_of(at, supported);
    }
}

fn profile(at: &At<'_>, name: &str, causes: &mut Causes) {
    if at.is_absent() {
        return;
    }
    causes.required_one_of(
        &at.field("type"),
        &["Localhost", "RuntimeDefault", "Unconfined"],
    );
    let file = at.field("localhostProfile");
    match (at.field("type").text() == "Localhost", file.is_set()) {
        (true, false) => {
            causes.required(&file, &format!("must be set when {name} type is Localhost"));
        }
        (true, true) if name == "seccomp" => check(&file, descending, causes),
        (true, true) => {
            if file.text().trim() != file.text() {
                causes.invalid(&file, "must not be padded with whitespace");
            } else if file.text().trim().is_empty() {
                causes.required(&file, "must be set when AppArmor type is Localhost");
            } else if file.text().len() > 4095 {
                causes.too_long(&file, 4095);
            }
        }
        (false, true) => causes.invalid(
            &file,
            &format!("can only be set when {name} type is Localhost"),
        ),
        (false, false) => {}
    }
}

fn sysctls(at: &At<'_>, causes: &mut Causes) {
    let mut seen = Vec::new();
    for sysctl in at.items() {
        let name = sysctl.field("name");
        let legal = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/')
        };
        if name.is_empty() {
            causes.required(&name, "");
        } else if name.text().len() > 253 || !name.text().chars().all(legal) {
            causes.invalid(
                &name,
                "must have at most 253 characters and match regex of sysctl names",
            );
        } else if seen.contains(&name.text()) {
            causes.duplicate(&name);
        }
        seen.push(name.text());
    }
}

/// A Pod with users of its own shares nothing else with the host.
fn host_users(spec: &At<'_>, causes: &mut Causes) {
    if spec.field("hostUsers").value() != &serde_json::Value::Bool(false) {
        return;
    }
    for (field, called) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if spec.field(field).is_true() {
            causes.forbidden(&spec.field(called), "when `hostUsers` is false");
        }
    }
}
