//! What the modules make: one snapshot each, and what holds for all of them together.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may")]

mod agent;
mod announced;
mod cluster;
mod dashboards;
mod databases;
mod exports;
mod gateway;
mod injector;
mod logs;
mod looking;
mod metrics;
mod modules;
mod opening;
mod otlp_gateway;
mod own;
mod pipelines;
mod search;
mod secured;
mod sidecars;
mod stack;
mod support;
mod telemetry;
mod tempo;
mod tls;
mod victoria;
mod watch;
mod whole;
mod wrong;
