//! The real programs that what we render is tested against.

use std::{env, path::PathBuf, process::Command};

/// A real program of that name, as `make live` has built or fetched it.
///
/// # Panics
/// Without one: tests that need one are called `live::…` and left out of `make test`.
pub fn peer(name: &str) -> Command {
    let folder =
        env::var_os("OTELIER_PEERS").expect("needs real programs: run it with `make live`");
    let program = PathBuf::from(folder).join(name);
    assert!(program.exists(), "{} is not there", program.display());
    let mut command = Command::new(program);
    // A proxy cannot reach our loopback, and nobody is asked whether there is something newer.
    command.env("NO_PROXY", "127.0.0.1,localhost");
    command
}

/// Runs a program to its end: its status and all that it printed.
///
/// # Panics
/// If it cannot be started.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
