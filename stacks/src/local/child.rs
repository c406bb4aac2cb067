//! What does the child do? It holds its lock, runs the gateway, and tells what becomes of it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Seek as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::ExitCode,
    thread,
    time::Duration,
};

use gateway::{
    cli::{Configuration, News, run_told},
    config::Source,
};
use rustix::{
    fs::Mode,
    process::{Signal, getpid, kill_process, setsid, umask},
};

use super::place::{Place, Told};

/// How often it looks whether its folder is still there.
const LOOK: Duration = Duration::from_millis(500);
/// How often, and after which pause, it tries to take its lock.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(10);
/// A developer's machine has other things to do.
const SHARDS: usize = 2;

/// Runs the program of a folder until it is asked to end.
pub(crate) fn run(folder: &Path) -> ExitCode {
    match begin(folder) {
        Ok(code) => code,
        Err(error) => {
            // The log is all that it has.
            let _ = writeln!(io::stderr(), "error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn begin(folder: &Path) -> io::Result<ExitCode> {
    // Ctrl-C in the terminal is meant for the command, and the terminal's end is not the child's. Who leads a group
    // already has nothing to leave.
    let _ = setsid();
    // What it writes is nobody's business but its owner's.
    umask(Mode::from_raw_mode(0o077));
    let place = Place::at(folder.to_owned());
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false);
    let file = file.open(place.running())?;
    lock(&file)?;
    let mut told = Told {
        pid: std::process::id(),
        ..Told::default()
    };
    tell(&file, &told)?;
    watch(place.clone(), &file)?;
    let sources = vec![Source::File(place.config()), Source::File(place.overlay())];
    let told = std::cell::RefCell::new(&mut told);
    let code = run_told(&Configuration::new(sources, SHARDS), &|news| {
        let mut told = told.borrow_mut();
        told.asked = place.digest();
        match news {
            News::Runs => {
                let Told { runs, asked, .. } = &mut **told;
                runs.clone_from(asked);
                told.refused = None;
            }
            News::Refused(why) => told.refused = Some(why.clone()),
        }
        // Whoever waits for it finds out that nothing is told.
        let _ = tell(&file, &told);
    });
    Ok(code)
}

/// Takes the lock. Who only looks holds it for a moment too, and is not to be taken for another child.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            locked => return Ok(locked?),
        }
    }
    Ok(file.try_lock()?)
}

/// Writes in place: the lock is on this very file.
fn tell(mut file: &File, told: &Told) -> io::Result<()> {
    let text = serde_json::to_vec(told)?;
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(&text)
}

/// Ends this process when its folder is gone: nobody could find it any more, so that it would stay for ever.
fn watch(place: Place, file: &File) -> io::Result<()> {
    let own = file.metadata()?;
    let is_there = move || {
        std::fs::metadata(place.running())
            .is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()))
    };
    let watching = move || {
        while is_there() {
            thread::sleep(LOOK);
        }
        let _ = writeln!(io::stderr(), "the folder of this program is gone: it ends");
        let _ = kill_process(getpid(), Signal::TERM);
    };
    thread::Builder::new()
        .name("watch".to_owned())
        .spawn(watching)?;
    Ok(())
}
