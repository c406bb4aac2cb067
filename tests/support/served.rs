//! The sandbox as `kubectl` meets it: served by the real binary on a loopback port.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Child,
};

use serde_json::Value;

use crate::{Command, Ran};

/// A served sandbox; it ends with this value.
#[derive(Debug)]
pub struct Served {
    /// What `kubectl --kubeconfig` takes.
    pub kubeconfig: PathBuf,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    child: Child,
}

impl Command {
    /// Serves the user's sandbox until the result is dropped.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// The same with more arguments.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn serve_with(&self, arguments: &[&str]) -> Served {
        let arguments = [&["sandbox", "serve", "--json"], arguments].concat();
        let mut child = self
            .prepared("stacks", &arguments)
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let event = stdout.lines().map_while(Result::ok).find_map(|line| {
            let event: Value = serde_json::from_str(&line).ok()?;
            (event["event"] == "served").then_some(event)
        });
        let event = event.expect("the sandbox says where it is served");
        let text = |key: &str| event[key].as_str().expect("a text").to_owned();
        Served {
            kubeconfig: self.folder().join(text("kubeconfig")),
            url: text("url"),
            child,
        }
    }

    /// Runs `stacks` against the served sandbox as if it were a cluster.
    pub fn run_on_served(&self, served: &Served, arguments: &[&str]) -> Ran {
        let kubeconfig = served.kubeconfig.display().to_string();
        self.run(&[arguments, &["--kubeconfig", &kubeconfig]].concat())
    }
}

impl Served {
    /// Somebody else changes an object, as `kubectl edit` does.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn patch(&self, manager: &str, path: &str, patch: &Value) {
        self.send(
            manager,
            path,
            "application/merge-patch+json",
            patch.to_string(),
        );
    }

    /// Somebody else applies an object.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn apply(&self, manager: &str, path: &str, object: &str) {
        self.send(
            manager,
            path,
            "application/apply-patch+yaml",
            object.to_owned(),
        );
    }

    fn send(&self, manager: &str, path: &str, media: &str, body: String) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let config = kube::Config::new(self.url.parse().expect("a URL"));
            let client = kube::Client::try_from(config).expect("a client");
            let request = http::Request::patch(format!("{path}?fieldManager={manager}"))
                .header("content-type", media)
                .body(body.into_bytes());
            let answer = client.request::<Value>(request.expect("a well-formed request"));
            answer
                .await
                .unwrap_or_else(|error| panic!("{manager} could not write {path}: {error}"));
        });
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
