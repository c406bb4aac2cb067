//! The programs of one stack on this machine: what is there, what is to be done about it, and doing it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use provider::{Graph, ResourceId};
use tokio::time::sleep;

use crate::causes::in_one_line;

use super::{
    Ending, Facts, LocalError,
    draft::{Around, Draft},
    end::end,
    place::{Choice, Executable, OWNER_FILE, Place, Standing, failed, folders, make},
    ports::Ports,
    program::{Program, programs},
    reach::Services,
    start::{Prepared, shown},
};

/// How long another run may take that starts or ends programs.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(50);

/// The programs of one stack on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    /// The folder of the sandbox, from the root.
    sandbox: PathBuf,
    /// The folder of the stack.
    folder: PathBuf,
}

/// What is to be done about a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// It was never started here, or was ended by `down`.
    Start,
    /// It was started, and lives no more.
    StartAgain,
    /// It has another configuration to run.
    Reload,
    /// Something changed that it cannot take while it runs.
    Restart(&'static str),
    /// The stack has it no more.
    End,
    /// It cannot run here.
    Cannot(String),
}

/// A program that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What it is called.
    pub(crate) name: String,
    /// Whether it lives.
    pub(crate) standing: Standing,
    /// What is to be done.
    pub(crate) need: Need,
    /// What it does, as far as it lives.
    pub(crate) facts: Facts,
}

/// A program about which something was done.
#[derive(Debug)]
pub(crate) struct Done {
    /// What it is called.
    pub(crate) name: String,
    /// What was to be done.
    pub(crate) need: Need,
    /// Its number, where it lives now; how it ended, where it does not; or why that did not work.
    pub(crate) result: Result<Option<u32>, LocalError>,
    /// How it ended, if it had to.
    pub(crate) ending: Option<Ending>,
    /// What it does.
    pub(crate) facts: Facts,
    /// Where it says what it does.
    pub(crate) log: PathBuf,
    /// Where its volumes stay, if they do.
    pub(crate) kept: Option<PathBuf>,
}

impl Here {
    /// Those of a stack whose sandbox is in that folder.
    pub(crate) fn of(sandbox: &Path, stack: &str) -> Self {
        let sandbox = std::path::absolute(sandbox).unwrap_or_else(|_| sandbox.to_owned());
        let folder = sandbox.join("local").join(stack);
        Self { sandbox, folder }
    }

    fn place(&self, name: &str) -> Place {
        Place::at(self.folder.join(name))
    }

    /// Looks at all of them, and changes nothing.
    pub(crate) fn see(&self, graph: &Graph) -> Vec<Seen> {
        let wanted = programs(graph);
        let mut names = BTreeSet::new();
        let mut seen = Vec::new();
        for (name, prepared) in self.prepared(graph, wanted) {
            let standing = self.place(&name).standing();
            let (need, facts) = match &prepared {
                Ok(prepared) => (need(prepared, &standing), prepared.choice.facts.clone()),
                Err(error) => (Need::Cannot(in_one_line(error)), Facts::default()),
            };
            names.insert(name.clone());
            seen.push(Seen {
                name,
                standing,
                need,
                facts,
            });
        }
        for (name, place) in self.others(&names) {
            seen.push(Seen {
                standing: place.standing(),
                facts: place.choice().unwrap_or_default().facts,
                need: Need::End,
                name,
            });
        }
        seen
    }

    /// Programs that the stack has no more, and that were started.
    fn others(&self, names: &BTreeSet<String>) -> BTreeMap<String, Place> {
        let folders = folders(&self.folder).into_iter();
        let others = folders.filter(|(name, _)| !names.contains(name));
        let others = others.map(|(name, folder)| (name, Place::at(folder)));
        others
            .filter(|(_, place)| place.standing() != Standing::Absent)
            .collect()
    }

    /// Makes what runs here what the stack says, but for these: they were left out.
    pub(crate) async fn up(
        &self,
        graph: &Graph,
        left_out: &BTreeSet<ResourceId>,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<Vec<Done>, LocalError> {
        let wanted = programs(graph);
        let all: BTreeSet<String> = wanted.iter().map(|one| one.name.clone()).collect();
        let wanted: Vec<Program> = wanted
            .into_iter()
            .filter(|one| !left_out.contains(&one.id))
            .collect();
        if wanted.is_empty() && self.others(&all).is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turn(interrupted).await?;
        let mut done = Vec::new();
        for (name, place) in self.others(&all) {
            done.push(ended(name, &place, false, interrupted).await);
        }
        for (name, prepared) in self.prepared(graph, wanted) {
            let (name, place) = (name.clone(), self.place(&name));
            let one = match prepared {
                Ok(prepared) => self.bring(name, &prepared, interrupted).await,
                Err(error) => Done {
                    need: Need::Cannot(in_one_line(&error)),
                    ..Done::of(name, &place, Err(error))
                },
            };
            done.push(one);
        }
        Ok(done)
    }

    /// Ends all of them.
    pub(crate) async fn down(
        &self,
        volumes: bool,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<Vec<Done>, LocalError> {
        let places = folders(&self.folder);
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turn(interrupted).await?;
        let mut done = Vec::new();
        for (name, folder) in places {
            let place = Place::at(folder);
            let was = place.standing() != Standing::Absent || (volumes && place.data().exists());
            let one = ended(name, &place, volumes, interrupted).await;
            if was {
                done.push(one);
            }
        }
        Ok(done)
    }

    async fn bring(
        &self,
        name: String,
        prepared: &Prepared,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Done {
        let place = &prepared.place;
        let standing = place.standing();
        let need = need(prepared, &standing);
        let mut ending = None;
        let result = match (&need, standing) {
            (Need::Nothing, Standing::Alive { pid }) => Ok(Some(pid)),
            (Need::Reload, Standing::Alive { pid }) => {
                let reloaded = prepared.reload(pid, interrupted).await;
                reloaded.map(|()| Some(pid))
            }
            _ => match end(place, interrupted).await {
                Ok(ended) => {
                    ending = Some(ended);
                    prepared.start(interrupted).await.map(Some)
                }
                Err(error) => Err(error),
            },
        };
        Done {
            need,
            ending,
            facts: prepared.choice.facts.clone(),
            ..Done::of(name, place, result)
        }
    }

    /// Everything that it takes to run these, with the ports that they have or can have.
    fn prepared(
        &self,
        graph: &Graph,
        wanted: Vec<Program>,
    ) -> Vec<(String, Result<Prepared, LocalError>)> {
        let services = Services::of(graph, &wanted);
        let mut ports: BTreeMap<String, Ports> = BTreeMap::new();
        for program in &wanted {
            let place = self.place(&program.name);
            let known = match place.standing() {
                Standing::Alive { .. } => place.choice().unwrap_or_default().ports,
                Standing::Absent | Standing::Dead { .. } => BTreeMap::new(),
            };
            ports.insert(program.name.clone(), Ports::known(known));
        }
        let drafts: Vec<_> = wanted
            .iter()
            .map(|program| {
                let mut around = Around {
                    data: &self.place(&program.name).data(),
                    services: &services,
                    port: &mut |name, port| ports.entry(name.to_owned()).or_default().choose(port),
                };
                Draft::of(program, &mut around)
            })
            .collect();
        let all = wanted.into_iter().zip(drafts);
        all.map(|(program, draft)| {
            let name = program.name.clone();
            let ports = ports.remove(&name).unwrap_or_default();
            (name, self.with(program, draft, ports))
        })
        .collect()
    }

    fn with(
        &self,
        program: Program,
        draft: Result<Draft, LocalError>,
        ports: Ports,
    ) -> Result<Prepared, LocalError> {
        let draft = draft?;
        let mut facts = draft.facts.clone();
        for path in facts.files.values_mut() {
            *path = shown(path).to_owned();
        }
        let choice = Choice {
            executable: Executable::current()?,
            variables: program.variables.clone(),
            ports: BTreeMap::new(),
            facts,
        };
        Ok(Prepared {
            place: self.place(&program.name),
            program,
            draft,
            choice,
            ports,
        })
    }

    /// Waits until nobody else starts or ends programs.
    async fn turn(
        &self,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<File, LocalError> {
        let folder = self.sandbox.join("local");
        make(&folder)?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true);
        let file = file.mode(OWNER_FILE).open(&path);
        let file = file.map_err(failed("open", &path))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                    return Err(LocalError::Busy(PATIENCE.as_secs()));
                }
                Err(TryLockError::WouldBlock) => tokio::select! {
                    () = sleep(LOOK) => {}
                    () = &mut *interrupted => return Err(LocalError::Interrupted),
                },
            }
        }
    }
}

impl Done {
    fn of(name: String, place: &Place, result: Result<Option<u32>, LocalError>) -> Self {
        Self {
            name,
            need: Need::Nothing,
            result,
            ending: None,
            facts: Facts::default(),
            log: shown(&place.log()).to_owned(),
            kept: None,
        }
    }
}

async fn ended(
    name: String,
    place: &Place,
    volumes: bool,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) -> Done {
    let mut done = Done::of(name, place, Ok(None));
    done.need = Need::End;
    match end(place, interrupted).await {
        Ok(ending) => done.ending = Some(ending),
        Err(error) => {
            done.result = Err(error);
            return done;
        }
    }
    match place.clear(volumes) {
        Ok(true) => done.kept = Some(shown(&place.data()).to_owned()),
        Ok(false) => {}
        Err(error) => done.result = Err(error),
    }
    done
}

/// What is to be done about a program that stands so.
fn need(wanted: &Prepared, standing: &Standing) -> Need {
    match standing {
        Standing::Absent => return Need::Start,
        Standing::Dead { .. } => return Need::StartAgain,
        Standing::Alive { .. } => {}
    }
    let (told, choice) = (wanted.place.told(), wanted.place.choice());
    let (Some(told), Some(choice)) = (told, choice) else {
        return Need::Restart("nobody knows what it runs");
    };
    if choice.executable != wanted.choice.executable {
        return Need::Restart("the program is another");
    }
    if choice.variables != wanted.choice.variables {
        return Need::Restart("its variables are others");
    }
    match told.runs {
        None => Need::Restart("it never ran"),
        Some(runs) if runs == wanted.digest() => Need::Nothing,
        Some(_) => Need::Reload,
    }
}
