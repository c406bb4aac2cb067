//! Are the files of containers read as container runtimes write them?

use super::{
    Found, Lint, Severity,
    look::{Look, Part},
};
use crate::component::Class;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "log-format",
        severity: Severity::Error,
        why: "containerd and CRI-O write a time, a stream and a flag before each line, so no line is understood",
        items: &["M17"],
        find: format,
    },
    Lint {
        id: "log-positions-lost",
        severity: Severity::Error,
        why: "after a restart everything written meanwhile is skipped, or everything is read again",
        items: &["M17"],
        find: positions_lost,
    },
    Lint {
        id: "log-feedback",
        severity: Severity::Error,
        why: "each line about its own log is a line in its own log, and becomes one more",
        items: &["M17"],
        find: feedback,
    },
];

/// Where nodes keep the logs of their containers.
const FOLDERS: [&str; 2] = ["/var/log/pods", "/var/log/containers"];

/// Receivers that read the logs of containers.
fn readers<'a>(look: &Look<'a>) -> impl Iterator<Item = Part<'a>> {
    let of_containers = |part: &Part<'_>| {
        let include = part.list("include").iter().filter_map(|path| path.as_str());
        let mut include = include.map(|path| path.strip_prefix("/hostfs").unwrap_or(path));
        include.any(|path| FOLDERS.iter().any(|folder| path.starts_with(folder)))
    };
    look.of_kind(Class::Receiver, "file_log")
        .filter(of_containers)
}

fn format(look: &Look<'_>) -> Vec<Found> {
    let wrong = readers(look).filter_map(|part| {
        let kind = |operator: &serde_json::Value| {
            let kind = operator.get("type")?.as_str()?;
            Some(kind.to_owned())
        };
        let mut kinds = part.list("operators").iter().filter_map(kind);
        // What a person took apart by rules of their own may well be right.
        let first = kinds.find(|kind| kind != "router");
        let cause = match first.as_deref() {
            Some("container" | "regex_parser") => return None,
            Some(first) => format!("`{first}` is the first that sees a line of a container's log"),
            None => "lines of containers' logs are taken as they are".to_owned(),
        };
        let repair = "begin `operators` with `type: container`, which understands every runtime, and parse the rest after it";
        Some(Found::new(part.place_of("operators"), cause, repair))
    });
    wrong.collect()
}

fn positions_lost(look: &Look<'_>) -> Vec<Found> {
    let forgetful = look
        .of_kind(Class::Receiver, "file_log")
        .filter(|part| !part.has("storage"));
    forgetful
        .map(|part| {
            Found::new(
                part.place_of("storage"),
                "how far each file was read is not kept",
                "define a `file_storage` extension on a folder of the node, and name it as `storage`",
            )
        })
        .collect()
}

fn feedback(look: &Look<'_>) -> Vec<Found> {
    let own = readers(look).filter(|part| {
        let all = |path: &str| path.contains("/*/*/") || path.ends_with("/*.log");
        let mut include = part.list("include").iter().filter_map(|path| path.as_str());
        include.any(all) && part.list("exclude").is_empty()
    });
    own.map(|part| {
        Found::new(
            part.place_of("exclude"),
            "it reads the log of every container, and its own is one of them",
            "exclude `/var/log/pods/<namespace>_<collector>-*/*/*.log`",
        )
    })
    .collect()
}
