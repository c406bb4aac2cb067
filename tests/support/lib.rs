//! World: a sandbox, a stack and a plan in one line each.
