//! Which API server, and as whom?

use std::path::PathBuf;

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use crate::{
    cluster::{Cluster, ClusterOptions},
    error::ConnectError,
};

/// Where credentials and address come from. Nothing is looked up behind the caller's back: no environment
/// variable names a kubeconfig here.
#[derive(Clone, Debug)]
pub enum ClusterConfig {
    /// Kubeconfig files, merged as `kubectl` merges them: what comes first wins.
    Kubeconfig {
        /// The files.
        paths: Vec<PathBuf>,
        /// The context; none for the current one.
        context: Option<String>,
    },
    /// The service account of the Pod that this runs in.
    InCluster,
}

/// What was connected to, for a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The context's name; none inside a cluster.
    pub context: Option<String>,
    /// The server's address.
    pub server: String,
    /// The namespace that the context names.
    pub namespace: String,
}

impl Cluster {
    /// Connects as `config` says. Nothing is sent yet.
    ///
    /// Must be called inside a tokio runtime, which the cluster must not outlive.
    ///
    /// # Errors
    ///
    /// When files cannot be read, a context is unknown, or credentials are unusable.
    pub async fn connect(
        config: &ClusterConfig,
        options: ClusterOptions,
    ) -> Result<(Self, Endpoint), ConnectError> {
        let (mut config, context) = match config {
            ClusterConfig::Kubeconfig { paths, context } => load(paths, context.as_deref()).await?,
            ClusterConfig::InCluster => {
                let config = Config::incluster().map_err(|source| ConnectError::InCluster {
                    source: Box::new(source),
                })?;
                (config, None)
            }
        };
        // Fifteen retries with pauses of up to a quarter of an hour are not for a command: retries are in `retry`.
        config.default_retry = false;
        config.connect_timeout = Some(options.connect_timeout);
        let endpoint = Endpoint {
            context,
            server: config.cluster_url.to_string(),
            namespace: config.default_namespace.clone(),
        };
        let server = endpoint.server.clone();
        let client =
            Client::try_from(config).map_err(|source| ConnectError::Unusable { server, source })?;
        Ok((Self::new(client, options), endpoint))
    }
}

async fn load(
    paths: &[PathBuf],
    context: Option<&str>,
) -> Result<(Config, Option<String>), ConnectError> {
    let mut merged = Kubeconfig::default();
    for path in paths {
        let read =
            Kubeconfig::read_from(path).and_then(|next| std::mem::take(&mut merged).merge(next));
        merged = read.map_err(|source| ConnectError::Kubeconfig {
            path: path.clone(),
            source: Box::new(source),
        })?;
    }
    let known = merged
        .contexts
        .iter()
        .map(|context| context.name.clone())
        .collect::<Vec<_>>();
    let name = context
        .map(str::to_owned)
        .or_else(|| merged.current_context.clone())
        .filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(ConnectError::NoContext { known });
    };
    if !known.contains(&name) {
        return Err(ConnectError::UnknownContext { name, known });
    }
    let options = KubeConfigOptions {
        context: Some(name.clone()),
        ..KubeConfigOptions::default()
    };
    match Config::from_custom_kubeconfig(merged, &options).await {
        Ok(config) => Ok((config, Some(name))),
        Err(KubeconfigError::LoadClusterOfContext(cluster)) => {
            Err(ConnectError::UnknownCluster { name, cluster })
        }
        Err(source) => Err(ConnectError::Context {
            name,
            source: Box::new(source),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(yaml: &str, context: Option<&str>) -> ConnectError {
        let path = std::env::temp_dir().join(format!(
            "stacks-kubeconfig-{}-{}",
            std::process::id(),
            yaml.len()
        ));
        std::fs::write(&path, yaml).unwrap();
        let config = ClusterConfig::Kubeconfig {
            paths: vec![path.clone()],
            context: context.map(str::to_owned),
        };
        let error = Cluster::connect(&config, ClusterOptions::default())
            .await
            .unwrap_err();
        std::fs::remove_file(path).unwrap();
        error
    }

    #[tokio::test]
    async fn an_unknown_context_names_those_that_are_known() {
        let yaml = "apiVersion: v1\nkind: Config\ncontexts:\n- name: dev\n  context: {cluster: c, user: u}\n";
        let error = error(yaml, Some("prod")).await;
        assert_eq!(
            error.to_string(),
            "the kubeconfig has no context `prod` (it has: `dev`)"
        );
    }

    #[tokio::test]
    async fn a_context_must_be_chosen_and_its_cluster_must_exist() {
        let yaml = "apiVersion: v1\nkind: Config\ncontexts:\n- name: dev\n  context: {cluster: gone, user: u}\n";
        assert!(matches!(
            error(&format!("{yaml}\n"), None).await,
            ConnectError::NoContext { .. }
        ));
        let error = error(yaml, Some("dev")).await;
        assert_eq!(
            error.to_string(),
            "context `dev` names a cluster `gone` that the kubeconfig does not have"
        );
    }

    #[tokio::test]
    async fn an_unreadable_file_is_an_error_that_names_it() {
        let config = ClusterConfig::Kubeconfig {
            paths: vec!["/nowhere/config".into()],
            context: None,
        };
        let error = Cluster::connect(&config, ClusterOptions::default())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not read the kubeconfig `/nowhere/config`"
        );
    }
}
