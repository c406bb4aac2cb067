//! Postgres: where a program keeps what several replicas of it share.

mod database;

pub use database::{Database, Encryption, Sql};
