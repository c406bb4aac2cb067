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

/// Set where the program has begun once more.
const AGAIN: &str = "GATEWAY_BEGUN_AGAIN";

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
    let Ok(program) = env::current_exe() else {
        return;
    };
    let by_loader = program
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"ld"));
    // A kernel that forgets the wish would have it begin for ever, and a loader that runs it is not this program.
    if by_loader || env::var_os(AGAIN).is_some() {
        return;
    }
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    let mut again = Command::new(program);
    // It comes back only with an error.
    let _ = again.arg0(name).args(arguments).env(AGAIN, "1").exec();
}
