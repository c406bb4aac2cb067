//! What the check says already, with what it means and what to do: names, references, settings.

use super::{Findings, Found, Lint, Setting, Severity, endpoints::unix_as_address, look::Look};
use crate::{Config, Mistake, Problem, Removed, component::Class, nearest::nearest};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "component-unknown",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &[],
        find: |look| passed_on(look, unknown),
    },
    Lint {
        id: "component-not-contained",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &["0.5", "M20"],
        find: |look| passed_on(look, not_contained),
    },
    Lint {
        id: "component-removed",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &["M34", "M35"],
        find: |look| passed_on(look, removed),
    },
    Lint {
        id: "setting-removed",
        severity: Severity::Error,
        why: "the collector does not start, or does as if nothing were said",
        items: &["M36"],
        find: |look| passed_on(look, setting_removed),
    },
    Lint {
        id: "reference-dangling",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &[],
        find: |look| passed_on(look, dangling),
    },
    Lint {
        id: "component-unused",
        severity: Severity::Warning,
        why: "it does nothing, and whoever reads it believes that it does",
        items: &["M30"],
        find: |look| passed_on(look, unused),
    },
    Lint {
        id: "pipeline-impossible",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &[],
        find: |look| passed_on(look, impossible),
    },
    Lint {
        id: "settings-refused",
        severity: Severity::Error,
        why: "the collector does not start",
        items: &[],
        find: refusals,
    },
];

/// The words of one problem, for the lint that it belongs to.
type Words = fn(&Problem) -> Option<String>;

fn passed_on(look: &Look<'_>, repair: Words) -> Vec<Found> {
    let each = |Mistake { path, problem }: &Mistake| {
        let repair = repair(problem)?;
        let cause = problem.to_string().replace(['\n', '\r'], " ");
        let cause = match problem {
            // These quote what was read, which may have any character.
            Problem::Malformed(_) | Problem::Refused(_) => &cause,
            // The check says in one breath what is wrong and what to do.
            _ => cause.split("; ").next().unwrap_or_default(),
        };
        Some(Found::new(path.replace("::", "."), cause, repair))
    };
    look.mistakes.iter().filter_map(each).collect()
}

fn unknown(problem: &Problem) -> Option<String> {
    let Problem::UnknownType(class, name) = problem else {
        return None;
    };
    Some(match nearest(name, class.names()) {
        Some(near) => format!("write `{near}`"),
        None => format!("see the list of {class}s of the collector's registry"),
    })
}

fn not_contained(problem: &Problem) -> Option<String> {
    match problem {
        Problem::NotInDistribution(class, name, _) => {
            let within = class.find(name).map(|kind| kind.distributions)?;
            let within: Vec<String> = within.iter().map(ToString::to_string).collect();
            Some(format!("run {}", within.join(" or ")))
        }
        Problem::TooNew(_, _, since) => Some(format!("run {since} or newer")),
        _ => None,
    }
}

fn removed(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Removed(_, _, Removed { instead, .. }) => Some(format!("use {instead}")),
        _ => None,
    }
}

fn setting_removed(problem: &Problem) -> Option<String> {
    match problem {
        Problem::SettingRemoved(_, Removed { instead, .. }) => Some(format!("use {instead}")),
        Problem::BarePlaceholder(name) => Some(format!("write `${{env:{name}}}`")),
        _ => None,
    }
}

fn dangling(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Dangling(class, _) => Some(format!(
            "define it in `{}`, or leave it out",
            class.section()
        )),
        Problem::NotEnabled(id) => Some(format!(
            "define `extensions.{id}`, and name it in `service.extensions`"
        )),
        _ => None,
    }
}

fn unused(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Unused(Class::Extension, _) => {
            Some("name it in `service.extensions`, or delete it".to_owned())
        }
        Problem::Unused(..) => Some("name it in a pipeline, or delete it".to_owned()),
        _ => None,
    }
}

fn impossible(problem: &Problem) -> Option<String> {
    let repair = match problem {
        Problem::WrongSignal(..) => "leave it out of this pipeline",
        Problem::Repeated(_) => "name it once",
        Problem::Empty(_) => "name one, or delete the pipeline",
        Problem::Round(_) => "let one of these pipelines end in an exporter instead",
        Problem::NoPipelines => "add one below `service.pipelines`",
        _ => return None,
    };
    Some(repair.to_owned())
}

/// But those of which a lint says more.
fn refusals(look: &Look<'_>) -> Vec<Found> {
    let better = unix_as_address(look);
    let is_said = |found: &Found| {
        let same = |other: &Found| other.place.starts_with(&found.place);
        found.cause.contains("scheme") && better.iter().any(same)
    };
    let mut all = passed_on(look, refused);
    all.retain(|found| !is_said(found));
    all
}

fn refused(problem: &Problem) -> Option<String> {
    let repair = match problem {
        Problem::Malformed(_) => "write the setting as this version reads it",
        Problem::Refused(_) => "change the setting",
        _ => return None,
    };
    Some(repair.to_owned())
}

/// Said of a file, because it is not part of what was read.
pub(crate) static UNREADABLE: Lint = Lint {
    id: "unreadable",
    severity: Severity::Error,
    why: "the collector does not start, and what is imported goes without it",
    items: &[],
    find: |_| Vec::new(),
};

/// The same for what a collector may well read.
pub(crate) static NOT_IMPORTED: Lint = Lint {
    id: "not-imported",
    severity: Severity::Warning,
    why: "no type describes it yet, so what is imported goes without it",
    items: &[],
    find: |_| Vec::new(),
};

/// Said of a file, because a configuration that was read knows the names of today alone.
pub(super) static RENAMED: Lint = Lint {
    id: "component-renamed",
    severity: Severity::Hint,
    why: "the old name is read for now and will be removed",
    items: &["0.3"],
    find: |_| Vec::new(),
};

/// The components of a file that it calls by names of old. A configuration that was read knows the names of today
/// alone, so this looks at the file.
pub fn renamed(text: &str, setting: &Setting) -> Findings {
    let written = Config::written_ids(text);
    let old = written.into_iter().filter_map(|(class, id)| {
        let spelled = id.spelled(class, setting.release.version);
        (spelled != id).then(|| {
            let section = class.section();
            let cause = format!("`{}` was renamed to `{}`", id.kind(), spelled.kind());
            let repair = format!("write `{spelled}`");
            (
                &RENAMED,
                Found::new(format!("{section}.{id}"), cause, repair),
            )
        })
    });
    Findings::of(old)
}
