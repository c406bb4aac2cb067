//! How does the gateway run, from its first listener to its last span?

use std::{
    io,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use thiserror::Error;

use crate::{
    config::Loaded,
    log::OpenError,
    serve::{Gateway, Legacy, StartError},
    settings::Settings,
    telemetry::{self, Color, Health, PageError, Pages, Process},
};

use super::{
    Configuration, pages,
    remainder::{self, Remainder},
    report::Report,
    retired::{Need, Retired, stop},
    signals::{Signals, Wish},
    taken::{self, Taken},
};

/// How long a drain may take: what Kubernetes gives a Pod, less what it takes itself.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long the next one waits for what the one before still holds.
const RELEASE: Duration = Duration::from_secs(5);

/// Why the gateway does not run.
#[derive(Debug, Error)]
pub(super) enum ServeError {
    #[error("could not make the runtime")]
    Runtime(#[source] io::Error),
    #[error("could not start")]
    Start(#[source] Box<StartError>),
    #[error("could not show what the gateway tells about itself")]
    Page(#[from] PageError),
    #[error("could not listen")]
    Taken(#[from] Taken),
}

/// What becomes of a gateway, for whoever runs it as a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It runs the configuration that there is now.
    Runs,
    /// It goes on with the one before, and why.
    Refused(String),
}

/// What the process has through all reloads.
struct Run<'a> {
    configuration: &'a Configuration,
    told: &'a dyn Fn(&News),
    health: Arc<Health>,
    process: Process,
    retired: Retired,
}

/// What is replaced by a reload.
struct Current {
    settings: Settings,
    gateway: Arc<Gateway>,
    pages: Pages,
}

/// Runs until somebody ends it.
pub(super) fn serve(
    configuration: &Configuration,
    loaded: Loaded,
    report: &Report,
    told: &dyn Fn(&News),
) -> ExitCode {
    let color = if report.colored() {
        Color::Shown
    } else {
        Color::Plain
    };
    telemetry::install(loaded.settings.telemetry.logs.clone(), color);
    let run = Run {
        configuration,
        told,
        health: Arc::new(Health::starting(SystemTime::now())),
        process: Process::since(Instant::now()),
        retired: Retired::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime
        .map_err(ServeError::Runtime)
        .and_then(|runtime| runtime.block_on(run.all(loaded)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report.error(&error);
            ExitCode::FAILURE
        }
    }
}

impl Run<'_> {
    async fn all(&self, loaded: Loaded) -> Result<(), ServeError> {
        let mut signals = Signals::new().map_err(ServeError::Runtime)?;
        taken::all_free(&loaded.settings, None)?;
        let first = self.start(loaded.settings, &Legacy::default()).await?;
        self.health.ready();
        log(&first, "the gateway takes telemetry");
        (self.told)(&News::Runs);
        let (last, result) = match self.run(first, &mut signals).await {
            Ok(last) => (last, Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.end(last, &mut signals).await;
        result
    }

    /// Runs one gateway after another until it is to end: the last one, unless that has ended already.
    async fn run(
        &self,
        mut current: Current,
        signals: &mut Signals,
    ) -> Result<Option<Current>, ServeError> {
        while signals.wish().await == Wish::Reload {
            let Some((next, news)) = self.reload(current, signals).await? else {
                return Ok(None);
            };
            current = next;
            (self.told)(&news);
        }
        Ok(Some(current))
    }

    async fn start(&self, settings: Settings, before: &Legacy) -> Result<Current, ServeError> {
        let gateway = Gateway::follow(&settings, self.configuration.shards(), before);
        let gateway = Arc::new(gateway.map_err(|error| ServeError::Start(Box::new(error)))?);
        let pages = pages::show(&settings, &gateway, &self.health, self.process).await;
        match pages {
            Ok(pages) => Ok(Current {
                settings,
                gateway,
                pages,
            }),
            Err(error) => {
                // Somebody may have come already: what was taken is sent.
                self.retired.add(gateway, Need::Storage).await;
                Err(error.into())
            }
        }
    }

    /// Puts a new configuration in the place of the old one, unless it is told to end meanwhile. A broken one changes
    /// nothing.
    async fn reload(
        &self,
        old: Current,
        signals: &mut Signals,
    ) -> Result<Option<(Current, News)>, ServeError> {
        let settings = match self.configuration.load() {
            Ok(loaded) => {
                for note in &loaded.notes {
                    tracing::warn!(note = %note, "of the new configuration");
                }
                loaded.settings
            }
            Err(problems) => {
                for problem in problems.iter() {
                    tracing::error!(problem = %problem, "the new configuration cannot be run");
                }
                tracing::warn!(
                    problems = problems.iter().len(),
                    "the old configuration goes on"
                );
                return Ok(Some((old, News::Refused(problems.to_string()))));
            }
        };
        if let Err(taken) = taken::all_free(&settings, Some(&old.settings)) {
            return Ok(Some((old, refused(&taken.into(), "the old one goes on"))));
        }
        if shares_storage(&old.settings, &settings) {
            return self.hand_over(old, settings, signals).await;
        }
        let runs = match self.start(settings, &old.gateway.legacy()).await {
            Ok(new) => {
                let taken = runs(new);
                let Current { gateway, pages, .. } = old;
                drop(pages);
                // The old one takes no more, and sends what it has beside the new one.
                drop(self.retired.add(gateway, Need::Nothing));
                taken
            }
            Err(error) => (old, refused(&error, "the old one goes on")),
        };
        Ok(Some(runs))
    }

    /// A storage has one owner: the old gateway lets go before the new one begins, and who comes meanwhile waits.
    async fn hand_over(
        &self,
        old: Current,
        settings: Settings,
        signals: &mut Signals,
    ) -> Result<Option<(Current, News)>, ServeError> {
        tracing::info!("a storage changes hands: who comes meanwhile waits");
        let Current {
            settings: before,
            gateway,
            pages,
        } = old;
        let legacy = gateway.legacy();
        let let_go = self.retired.add(gateway, Need::Storage);
        tokio::select! {
            () = let_go => {}
            () = signals.end() => return Ok(None),
        }
        let runs = match self.start_once_free(&settings, &legacy, signals).await {
            Ok(new) => new.map(runs),
            Err(error) => {
                let refused = refused(&error, "the old one does again");
                let old = self.start_once_free(&before, &legacy, signals).await?;
                old.map(|old| (old, refused))
            }
        };
        // Probes are answered until somebody else answers them.
        drop(pages);
        Ok(runs)
    }

    /// Starts where another gateway of this process has just ended: an answer that is still being written may hold what
    /// it held for a moment longer, and that moment must not end the program. None if it is told to end while it waits: not
    /// while it starts, for what has started may have taken something.
    async fn start_once_free(
        &self,
        settings: &Settings,
        legacy: &Legacy,
        signals: &mut Signals,
    ) -> Result<Option<Current>, ServeError> {
        let until = tokio::time::Instant::now() + RELEASE;
        loop {
            match self.start(settings.clone(), legacy).await {
                Err(error) if is_held(&error) && tokio::time::Instant::now() < until => {
                    tokio::select! {
                        () = tokio::time::sleep(RELEASE / 50) => {}
                        () = signals.end() => return Ok(None),
                    }
                }
                result => return result.map(Some),
            }
        }
    }

    /// Takes no more and sends what is there, also of those before the last one; a second signal ends it at once.
    async fn end(&self, last: Option<Current>, signals: &mut Signals) {
        self.health.draining();
        tracing::info!(
            patience_seconds = PATIENCE.as_secs(),
            "the gateway ends: it takes no more, and sends what it has"
        );
        let last = last.map(|Current { gateway, pages, .. }| (gateway, pages));
        let (gateway, pages) = last.unzip();
        let remainder = gateway.as_deref().map(Remainder::of);
        let stopped = async {
            if let Some(gateway) = gateway {
                stop(gateway, PATIENCE).await;
            }
        };
        tokio::select! {
            _ = async { tokio::join!(stopped, self.retired.end(PATIENCE)) } => {
                remainder.map_or_else(remainder::say_between, |remainder| remainder.say());
            }
            () = signals.end() => tracing::warn!("a second signal: the gateway ends at once"),
        }
        drop(pages);
    }
}

/// Says that a new configuration is taken, also in the way that it wants it to be said.
fn runs(new: Current) -> (Current, News) {
    telemetry::change(&new.settings.telemetry.logs);
    log(&new, "the new configuration runs");
    (new, News::Runs)
}

/// Says that a new configuration is not taken, and what happens instead.
fn refused(error: &ServeError, instead: &str) -> News {
    let error = error_reporter::Report::new(error).to_string();
    tracing::error!(%error, "the new configuration does not start, {instead}");
    News::Refused(error)
}

/// Whether a storage is still held by whoever had it before.
fn is_held(error: &ServeError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if matches!(error.downcast_ref(), Some(OpenError::InUse { .. })) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether both would keep things in one place.
fn shares_storage(old: &Settings, new: &Settings) -> bool {
    let mut directories = new.storages.values().map(|storage| &storage.directory);
    directories.any(|one| {
        old.storages
            .values()
            .any(|storage| storage.directory == *one)
    })
}

/// Says what runs now, and where it listens.
fn log(current: &Current, what: &'static str) {
    let Current {
        settings, gateway, ..
    } = current;
    for (id, serving, address) in gateway.servers() {
        if let Some(address) = address {
            let transport = serving.transport();
            tracing::info!(receiver = %id, transport, address = %address, "a receiver listens");
        }
    }
    let (pipelines, budget) = (settings.pipelines.len(), settings.memory.budget);
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, pipelines, budget_bytes = budget, "{what}");
}
