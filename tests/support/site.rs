//! A cluster for the real command: the real one where it is ours, else a served sandbox.

use std::{
    path::PathBuf,
    process::Child,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Command, Live, Ran, Served};

/// A cluster, and a user who works on it with the real binary. What the user's stack leaves behind is removed
/// when this value is dropped.
#[derive(Debug)]
pub struct Site {
    /// The user.
    pub user: Command,
    /// How the cluster is reached, by somebody who may do everything.
    pub kubeconfig: PathBuf,
    namespaces: Vec<String>,
    // Ends with the site.
    _served: Option<Served>,
}

impl Site {
    /// A site in which these namespaces are free. The catalogue's names are fixed, so a cluster that was given to us
    /// is not used.
    pub fn new(name: &str, namespaces: &[&str]) -> Self {
        let user = Command::new(name);
        let ours = Live::from_environment().filter(|live| live.audit.is_some());
        let (kubeconfig, served) = if let Some(live) = ours {
            (live.kubeconfig, None)
        } else {
            let served = user.serve_with(&["--ephemeral"]);
            (served.kubeconfig.clone(), Some(served))
        };
        let namespaces = namespaces.iter().map(ToString::to_string).collect();
        let site = Self {
            user,
            kubeconfig,
            namespaces,
            _served: served,
        };
        site.clear();
        site
    }

    /// Runs `stacks` on the cluster.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let kubeconfig = self.kubeconfig.display().to_string();
        self.user
            .run(&[arguments, &["--kubeconfig", &kubeconfig]].concat())
    }

    /// Starts `stacks` on the cluster.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let kubeconfig = self.kubeconfig.display().to_string();
        let arguments = [arguments, &["--kubeconfig", &kubeconfig]].concat();
        let child = self.user.prepared("stacks", &arguments).spawn();
        child.expect("the program starts")
    }

    /// Asks the API server for something with its own words; an object as body is a merge patch where that fits.
    ///
    /// # Panics
    /// If the kubeconfig is of no use.
    pub fn send(
        &self,
        verb: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Box<kube::Error>> {
        let media = match verb {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = body.map(|body| body.to_string().into_bytes());
        let request = http::Request::builder()
            .method(verb)
            .uri(path)
            .header("content-type", media);
        let request = request
            .body(body.unwrap_or_default())
            .expect("a well-formed request");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let file = kube::config::Kubeconfig::read_from(&self.kubeconfig)
                .expect("a readable kubeconfig");
            let choice = kube::config::KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(file, &choice).await;
            let client = kube::Client::try_from(config.expect("a usable kubeconfig"));
            let client = client.expect("a client");
            client.request(request).await.map_err(Box::new)
        })
    }

    /// Removes the namespaces, and waits until they are gone.
    fn clear(&self) {
        for namespace in &self.namespaces {
            let path = format!("/api/v1/namespaces/{namespace}");
            // It may not be there.
            let _ = self.send("DELETE", &path, None);
        }
        let started = Instant::now();
        for namespace in &self.namespaces {
            let path = format!("/api/v1/namespaces/{namespace}");
            while self.send("GET", &path, None).is_ok() && started.elapsed().as_secs() < 60 {
                sleep(Duration::from_millis(200));
            }
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.clear();
    }
}
