//! Is there in the container what the configuration takes for granted?

use super::{
    Found, Lint, Probes, Severity,
    look::{Look, Part},
};
use crate::{Asker, Need, component::Class};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "variable-unset",
        severity: Severity::Error,
        why: "an unset variable reads as nothing at all, so addresses and attributes are silently empty",
        items: &["M3"],
        find: variable_unset,
    },
    Lint {
        id: "file-not-mounted",
        severity: Severity::Error,
        why: "the collector does not start, or trusts nobody: its image holds the public authorities and no other file",
        items: &["M4"],
        find: file_not_mounted,
    },
    Lint {
        id: "probe-unanswered",
        severity: Severity::Error,
        why: "every probe fails, and the Pod is restarted for ever",
        items: &["0.1", "M2"],
        find: probe_unanswered,
    },
    Lint {
        id: "port-undeclared",
        severity: Severity::Hint,
        why: "nobody who reads the Pod knows of it, and no Service or policy can name it",
        items: &["M20"],
        find: port_undeclared,
    },
];

/// What an image of the collector holds.
const OWN_FILES: [&str; 1] = ["/etc/ssl/certs/ca-certificates.crt"];

fn variable_unset(look: &Look<'_>) -> Vec<Found> {
    let Some(set) = &look.setting.variables else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (need, askers) in look.config.needs().iter() {
        let Need::Variable(name) = need else { continue };
        if set.contains(name) {
            continue;
        }
        for asker in askers {
            let (place, value) = match asker {
                Asker::Component(class, id) => {
                    let part = look.part(*class, id);
                    let wanted = format!("{{env:{name}");
                    let texts = part.map(Part::texts).unwrap_or_default();
                    let at = texts.iter().find(|(_, text)| text.contains(&wanted));
                    let at = at.map(|(path, _)| format!(".{path}")).unwrap_or_default();
                    (format!("{}.{id}{at}", class.section()), format!("`{id}`"))
                }
                Asker::Telemetry => ("service.telemetry".to_owned(), "telemetry".to_owned()),
            };
            found.push(Found::new(
                place,
                format!("{value} asks for the variable `{name}`, which the container does not set"),
                format!("set it{}", source(name)),
            ));
        }
    }
    found
}

/// Where the fact stands that a variable of this name usually holds.
fn source(name: &str) -> String {
    const FACTS: [(&str, &str); 6] = [
        ("POD_NAMESPACE", "metadata.namespace"),
        ("POD_NAME", "metadata.name"),
        ("POD_UID", "metadata.uid"),
        ("POD_IP", "status.podIP"),
        ("NODE_NAME", "spec.nodeName"),
        ("NODE_IP", "status.hostIP"),
    ];
    let fact = FACTS.into_iter().find(|(known, _)| name.ends_with(known));
    fact.map_or_else(String::new, |(_, field)| {
        format!(" from the Pod's field `{field}`")
    })
}

fn file_not_mounted(look: &Look<'_>) -> Vec<Found> {
    let Some(mounts) = &look.setting.mounts else {
        return Vec::new();
    };
    let is_there = |file: &str| {
        let below = |folder: &String| {
            let rest = file.strip_prefix(folder.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        OWN_FILES.contains(&file) || mounts.iter().any(below)
    };
    let mut found = Vec::new();
    for part in look.all_parts() {
        for name in [
            "ca_file",
            "cert_file",
            "key_file",
            "client_ca_file",
            "htpasswd",
            "filename",
        ] {
            for (path, file) in part.texts_named(name) {
                if file.starts_with('/') && !is_there(file) {
                    found.push(Found::new(
                        part.place_of(&path),
                        format!("nothing is mounted where `{file}` is looked for"),
                        "mount a Secret or a ConfigMap that holds the file",
                    ));
                }
            }
        }
    }
    found
}

fn probe_unanswered(look: &Look<'_>) -> Vec<Found> {
    let Probes::Port(port) = look.setting.probes else {
        return Vec::new();
    };
    let mut extensions = look.parts(Class::Extension);
    if extensions.any(|part| matches!(part.id.kind(), "health_check" | "healthcheckv2")) {
        return Vec::new();
    }
    let cause = format!("port {port} is probed, and no `health_check` extension is enabled");
    let repair = format!(
        "define `extensions.health_check` with `endpoint: [${{env:POD_IP}}]:{port}`, and name it here"
    );
    vec![Found::new("service.extensions", cause, repair)]
}

fn port_undeclared(look: &Look<'_>) -> Vec<Found> {
    let Some(declared) = &look.setting.ports else {
        return Vec::new();
    };
    let needs = look.config.needs();
    let own = look
        .of_kind(Class::Exporter, "prometheus")
        .filter_map(|part| {
            let port = crate::needs::port_of(part.text("endpoint")?)?;
            Some((port, part.place_of("endpoint")))
        });
    let own: Vec<_> = own.collect();
    let others = needs
        .ports()
        .map(|port| (port.number, "receivers".to_owned()));
    let others = others.filter(|(number, _)| !own.iter().any(|(own, _)| own == number));
    own.iter()
        .cloned()
        .chain(others)
        // Probes need no declaration.
        .filter(|(number, _)| !declared.contains(number) && *number != 13133)
        .map(|(number, place)| {
            let cause =
                format!("port {number} is listened on, and the container does not declare it");
            Found::new(place, cause, "declare it in the container's `ports`")
        })
        .collect()
}
