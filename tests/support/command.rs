//! The command as a user runs it: the real binary, in a folder of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder of its own with a sandbox in it, for one user of the command.
#[derive(Debug)]
pub struct Command {
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Command {
    /// A user in an empty folder, with no kubeconfig anywhere.
    ///
    /// # Panics
    /// If the folder cannot be made.
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("otelier-{name}-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder below the temporary one");
        Self {
            folder,
            variables: Vec::new(),
        }
    }

    /// Sets a variable for all runs.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The user's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `stacks` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_program("stacks", arguments)
    }

    /// Runs a program of this workspace to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run_program(&self, program: &str, arguments: &[&str]) -> Ran {
        let output = self
            .prepared(program, arguments)
            .output()
            .expect("the program starts");
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A run that is not started yet, with all streams piped.
    pub fn prepared(&self, program: &str, arguments: &[&str]) -> process::Command {
        let mut command = process::Command::new(binary(program));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env_remove("KUBECONFIG")
            .env("HOME", &self.folder)
            .envs(self.variables.iter().cloned());
        command
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where it does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Ran {
    /// Expects an exit status.
    ///
    /// # Panics
    /// If it is another one, with all that was printed.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "standard output:\n{}\nstandard error:\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// A program of this workspace beside the test's own binary.
///
/// # Panics
/// If it is not built: `make test` builds all programs before it runs tests.
pub fn binary(program: &str) -> PathBuf {
    let mut folder = env::current_exe().expect("the test's own path");
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(format!("{program}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --workspace --bins` first",
        path.display()
    );
    path
}
