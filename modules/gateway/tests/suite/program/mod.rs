//! The program as people start it: its arguments, its pages, its signals.

mod asked;
mod running;
mod signalled;
