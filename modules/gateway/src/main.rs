//! The gateway as a program.

use std::{
    env,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use clap::Parser as _;
use gateway::cli;
use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    without_huge_pages();
    cli::run(&cli::Arguments::parse())
}

/// The allocator's few pages would be a few huge ones, of two mebibytes each: eight for a gateway that does nothing. It
/// has taken them before anything here runs, so the program begins once more with the wish not to have them. Where
/// that cannot be, it goes on with them.
fn without_huge_pages() {
    let wished = transparent_huge_pages_are_disabled();
    if wished != Ok(false) || disable_transparent_huge_pages(true).is_err() {
        return;
    }
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    if let Ok(program) = env::current_exe() {
        // It comes back only with an error.
        let _ = Command::new(program).arg0(name).args(arguments).exec();
    }
}
