//! The gateway as a program.

use std::process::ExitCode;

use clap::Parser as _;
use gateway::cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(&cli::Arguments::parse())
}
