//! Does the sandbox answer as a real API server was recorded to answer?
//!
//! `CONFORMANCE_ONLY` chooses scenarios by a glob over `area/name` or a tag. `CONFORMANCE_KUBECONFIG` replays them
//! against a cluster of one's own instead, on which nothing else may write. `CONFORMANCE_RECORD=1` writes
//! `recorded.json` anew, whose new explanations want to be made readable by hand.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test program: it stops and says why

mod compare;
mod json;
mod record;
mod replay;
mod scenario;
mod server;
mod steps;
mod template;

use std::collections::BTreeMap;
use std::path::Path;

use record::{Outcome, Recorded};
use server::Server;

#[tokio::test]
async fn the_api_answers_as_it_was_recorded() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_else(|_| "*".to_owned());
    let scenarios = scenario::load(&directory.join("scenarios"), &only);
    assert!(!scenarios.is_empty(), "no scenario matches `{only}`");
    let server = Server::start().await;
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for (name, scenario) in &scenarios {
        let outcome = replay::scenario(&server, scenario).await;
        if let Outcome::Failed(why) = &outcome {
            println!("FAIL {name}\n     {why}");
        }
        outcomes.insert(name.clone(), outcome);
    }
    print!("{}", record::summary(&outcomes));
    let recorded = match server {
        Server::Sandbox { .. } => Recorded::load(&directory.join("recorded.json")),
        // A real server is expected to do all that a real server did.
        Server::Cluster { .. } => Recorded::everything(),
    };
    server.stop().await;
    if only == "*" && std::env::var_os("CONFORMANCE_RECORD").is_some() {
        recorded.save(&directory.join("recorded.json"), &outcomes);
        return;
    }
    let complaints = recorded.compare(&outcomes, only == "*");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
