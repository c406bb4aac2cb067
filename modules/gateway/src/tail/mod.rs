//! Which traces are kept, decided when all of their spans are there?

mod block;
mod blocks;
mod catch_up;
mod conditions;
mod core;
mod cores;
mod counts;
mod error;
mod held;
mod histogram;
mod ingest;
mod journal;
mod limiter;
mod log_journal;
mod loose;
mod packer;
mod parcel;
mod pending;
mod policy;
mod probability;
mod reading;
mod recent;
mod sampler;
mod shards;
mod slab;
mod spans;
mod table;
#[cfg(test)]
mod tests;
mod trace_state;
mod voting;

pub use self::{
    core::Core,
    cores::Cores,
    counts::{Counts, PolicyCounts, Votes},
    error::SettingsError,
    histogram::Histogram,
    journal::{Appending, Fate, Journal, MaybeJournal, Position, Unread, Verdict},
    log_journal::LogJournal,
    parcel::{Outbox, Parcel},
    sampler::Sampler,
};
