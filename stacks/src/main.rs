//! `stacks up prod`: the command over the stacks of this repository.

fn main() -> std::process::ExitCode {
    stacks::run(stacks::catalog::all())
}
