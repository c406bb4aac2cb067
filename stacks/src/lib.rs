//! The command: `stacks up prod`.
