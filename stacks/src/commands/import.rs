//! `stacks import FILE`: which collector configurations are there, what is wrong with them, and how are they in Rust?

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use collector_config::{
    import::{self, ImportError, Imported},
    lint::{self, Setting, Severity},
};
use thiserror::Error;

use crate::{
    args::{Import, ImportForm, Surroundings},
    commands::{Ended, Session},
    exit::ExitStatus,
    view::{self, import::Shown},
};

/// Why a file could not be imported.
#[derive(Debug, Error)]
enum Failed {
    #[error("could not read `{}`", .file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("could not import `{}`", .file.display())]
    Import { file: PathBuf, source: ImportError },
}

impl Session {
    pub(super) fn import(&self, arguments: &Import) -> Result<ExitStatus, Ended> {
        if let Some(version) = arguments.surroundings.too_new() {
            view::import::too_new(&self.screen, version);
        }
        let mut shown = Vec::new();
        let mut ended = Ok(());
        for file in &arguments.files {
            let (found, failed) = imported(file, &arguments.surroundings);
            shown.extend(found);
            // What can be read of this one and of the others is shown all the same.
            for error in failed {
                ended = Err(self.failed(&error));
            }
        }
        let names = view::import::names(&shown);
        if self.screen.json {
            view::import::events(&self.screen, &shown, &names);
        } else {
            match arguments.output {
                ImportForm::Rust => view::import::rust(&self.screen, &shown, &names),
                ImportForm::Json => view::import::json(&self.screen, &shown, &names),
            }
        }
        ended?;
        let matters = |one: &Shown| {
            let mut findings = one.findings.iter();
            findings.any(|found| found.lint.severity != Severity::Hint)
        };
        Ok(
            if arguments.detailed_exitcode && shown.iter().any(matters) {
                ExitStatus::Changes
            } else {
                ExitStatus::Done
            },
        )
    }
}

/// What is in a file, and why not more.
fn imported(file: &Path, surroundings: &Surroundings) -> (Vec<Shown>, Vec<Failed>) {
    let failed = |source| Failed::Import {
        file: file.to_owned(),
        source,
    };
    let text = match read(file) {
        Ok(text) => text,
        Err(source) => {
            let file = file.to_owned();
            return (Vec::new(), vec![Failed::File { file, source }]);
        }
    };
    let import::Read { found, problems } = import::read(&text, surroundings.wanted());
    let each = |mut found: Imported| {
        adjust(&mut found.setting, surroundings);
        let old = lint::renamed(&found.text, &found.setting);
        let findings = found.config.lint(&found.setting).and(old);
        Shown {
            file: file.display().to_string(),
            findings: findings.and(found.left_out.clone()),
            found,
        }
    };
    (
        found.into_iter().map(each).collect(),
        problems.into_iter().map(failed).collect(),
    )
}

fn read(file: &Path) -> io::Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        bytes
    } else {
        std::fs::read(file)?
    };
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// What the command line says goes before what the file says.
fn adjust(setting: &mut Setting, surroundings: &Surroundings) {
    if let Some(tier) = surroundings.tier() {
        let guessed = Setting::of(setting.tier, setting.release);
        let usual = Setting::of(tier, setting.release);
        setting.tier = tier;
        setting.senders = usual.senders;
        // What a manifest says of it stays.
        if setting.replicas == guessed.replicas {
            setting.replicas = usual.replicas;
        }
    }
    if let Some(replicas) = surroundings.replicas {
        setting.replicas = replicas;
    }
    if let Some(memory) = surroundings.memory {
        setting.memory = Some(memory);
    }
}
