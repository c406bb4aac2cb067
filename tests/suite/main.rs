//! The behaviour of the whole, one module per promise.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "everything here is a test, helpers included"
)]

mod alerts;
mod apply;
mod architecture;
mod certificates;
mod ci;
mod cli;
mod cli_json;
mod cli_newcomer;
mod cli_replaced;
mod conflict;
mod drift;
mod examples;
mod existing;
mod fixtures;
mod foreign;
mod gateway;
mod handshake;
mod import;
mod import_odd;
mod injector;
mod interrupted;
mod layers;
mod library;
mod live;
mod local;
mod notes;
mod one_build;
mod outside;
mod prune;
mod replace;
mod screen;
mod secrets;
mod secured;
mod seed;
mod seen;
mod volumes;
