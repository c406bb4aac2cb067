//! Where does a stack go: a context, the cluster that this runs in, or the sandbox when there is neither?

use std::{
    env, fmt,
    path::{Path, PathBuf},
};

use provider::{Cluster, ClusterConfig, ClusterOptions, ConnectError};
use sandbox::{Sandbox, StoreError};
use thiserror::Error;

use crate::args::Global;

/// Where a stack goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A context of kubeconfig files; the current one where none is named.
    Context {
        /// The files, merged as `kubectl` merges them.
        paths: Vec<PathBuf>,
        /// The context's name.
        context: Option<String>,
    },
    /// The cluster whose Pod this runs in.
    InCluster,
    /// The API server inside this process.
    Sandbox {
        /// Where its objects live.
        directory: PathBuf,
    },
}

/// A target that answers.
pub(crate) struct Connection {
    /// The door to it.
    pub(crate) cluster: Cluster,
    /// What it is called on the screen.
    pub(crate) name: String,
    /// Whether changes there are real.
    pub(crate) kind: TargetKind,
}

/// Whether changes at a target are real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A cluster: `up` and `down` ask first.
    Cluster,
    /// A simulation inside this process.
    Sandbox,
}

/// Why there is no target.
#[derive(Debug, Error)]
pub(crate) enum TargetError {
    /// A kubeconfig was to be named, and was not.
    #[error("{named_by} is set and names no file: unset it, or use --sandbox")]
    Nameless {
        /// Who should have named one.
        named_by: &'static str,
    },
    /// A kubeconfig was named and is not there.
    #[error("the kubeconfig `{}` named by {named_by} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: &'static str,
    },
    /// A context was named and there is no kubeconfig to look it up in.
    #[error("there is no kubeconfig to find the context `{context}` in: $KUBECONFIG is not set, and `{}` does not exist", home.display())]
    NoKubeconfig {
        /// The context.
        context: String,
        /// Where one was looked for.
        home: PathBuf,
    },
    /// A cluster cannot be connected to.
    #[error("could not connect to the cluster")]
    Connect(#[from] ConnectError),
    /// The sandbox cannot be opened.
    #[error("could not open the sandbox in `{}`", directory.display())]
    Sandbox {
        /// Where its objects live.
        directory: PathBuf,
        /// Why.
        source: StoreError,
    },
}

impl TargetError {
    /// What helps, where that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Sandbox {
                directory,
                source: StoreError::Unreadable { .. },
            } => Some(format!(
                "`{} sandbox reset` empties it; nothing but the simulation in `{}` is lost",
                crate::program(),
                directory.display()
            )),
            Self::Sandbox {
                source: StoreError::Io { .. },
                ..
            } => Some("`--sandbox-dir DIR` keeps it in a folder that you can write to".to_owned()),
            _ => None,
        }
    }
}

/// What of the environment decides about the target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// `$KUBECONFIG`.
    kubeconfig: Option<String>,
    /// The user's own kubeconfig, which may not exist.
    home: PathBuf,
    /// Whether this runs in a Pod with a service account.
    in_pod: bool,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
        Self {
            kubeconfig: env::var("KUBECONFIG")
                .ok()
                .filter(|paths| !paths.is_empty()),
            home: env::home_dir()
                .unwrap_or_default()
                .join(".kube")
                .join("config"),
            in_pod: env::var_os("KUBERNETES_SERVICE_HOST").is_some() && Path::new(TOKEN).exists(),
        }
    }
}

impl Target {
    /// Chooses: what is asked for, else a kubeconfig, else the Pod's own cluster, else the sandbox.
    ///
    /// A kubeconfig that is named but unusable is an error: a run that lost its credentials must never be green on a
    /// simulation.
    pub(crate) fn choose(global: &Global, around: &Surroundings) -> Result<Self, TargetError> {
        let context = global.kube_context.clone();
        if global.sandbox {
            return Ok(Self::Sandbox {
                directory: global.sandbox_dir.clone(),
            });
        }
        if let Some(path) = &global.kubeconfig {
            let paths = existing(vec![path.clone()], "--kubeconfig")?;
            return Ok(Self::Context { paths, context });
        }
        if let Some(list) = &around.kubeconfig {
            let paths = existing(
                env::split_paths(list)
                    .filter(|path| !path.as_os_str().is_empty())
                    .collect(),
                "$KUBECONFIG",
            )?;
            return Ok(Self::Context { paths, context });
        }
        if around.home.is_file() {
            return Ok(Self::Context {
                paths: vec![around.home.clone()],
                context,
            });
        }
        match context {
            Some(context) => Err(TargetError::NoKubeconfig {
                context,
                home: around.home.clone(),
            }),
            None if around.in_pod => Ok(Self::InCluster),
            None => Ok(Self::Sandbox {
                directory: global.sandbox_dir.clone(),
            }),
        }
    }

    /// Opens the door. A cluster is not asked anything yet.
    pub(crate) async fn connect(&self, options: ClusterOptions) -> Result<Connection, TargetError> {
        match self {
            Self::Sandbox { directory } => {
                let sandbox = Sandbox::open(directory).map_err(|source| TargetError::Sandbox {
                    directory: directory.clone(),
                    source,
                })?;
                Ok(Connection {
                    cluster: Cluster::new(sandbox.client(), options),
                    name: self.to_string(),
                    kind: TargetKind::Sandbox,
                })
            }
            Self::Context { paths, context } => {
                let config = ClusterConfig::Kubeconfig {
                    paths: paths.clone(),
                    context: context.clone(),
                };
                real(config, options).await
            }
            Self::InCluster => real(ClusterConfig::InCluster, options).await,
        }
    }
}

async fn real(config: ClusterConfig, options: ClusterOptions) -> Result<Connection, TargetError> {
    let (cluster, endpoint) = Cluster::connect(&config, options).await?;
    let name = match endpoint.context {
        Some(context) => format!("context `{context}` ({})", endpoint.server),
        None => format!("the cluster of this Pod ({})", endpoint.server),
    };
    Ok(Connection {
        cluster,
        name,
        kind: TargetKind::Cluster,
    })
}

/// The files of a list, as long as at least one exists: so `kubectl` reads it.
fn existing(paths: Vec<PathBuf>, named_by: &'static str) -> Result<Vec<PathBuf>, TargetError> {
    let Some(first) = paths.first().cloned() else {
        return Err(TargetError::Nameless { named_by });
    };
    let found: Vec<PathBuf> = paths.into_iter().filter(|path| path.exists()).collect();
    if found.is_empty() {
        Err(TargetError::Missing {
            path: first,
            named_by,
        })
    } else {
        Ok(found)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context {
                context: Some(context),
                ..
            } => write!(f, "context `{context}`"),
            Self::Context { context: None, .. } => f.write_str("the current context"),
            Self::InCluster => f.write_str("the cluster of this Pod"),
            Self::Sandbox { directory } => write!(
                f,
                "the sandbox in `{}` (a simulation, not a cluster)",
                directory.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Arguments;

    fn choose(arguments: &[&str], around: &Surroundings) -> Result<Target, TargetError> {
        let line = ["stacks"].iter().chain(arguments).chain(&["list"]);
        Target::choose(&Arguments::try_parse_from(line).unwrap().global, around)
    }

    fn around(kubeconfig: Option<&str>, in_pod: bool) -> Surroundings {
        Surroundings {
            kubeconfig: kubeconfig.map(str::to_owned),
            home: "/nowhere/.kube/config".into(),
            in_pod,
        }
    }

    #[test]
    fn the_sandbox_comes_last() {
        let sandbox = Target::Sandbox {
            directory: ".stacks".into(),
        };
        assert_eq!(choose(&[], &around(None, false)).unwrap(), sandbox);
        assert_eq!(choose(&[], &around(None, true)).unwrap(), Target::InCluster);
        assert_eq!(
            choose(&["--sandbox"], &around(Some("/nowhere"), true)).unwrap(),
            sandbox
        );
    }

    #[test]
    fn a_kubeconfig_that_is_named_and_missing_is_an_error() {
        for (arguments, variable) in [
            (&["--kubeconfig", "/nowhere"][..], None),
            (&[][..], Some("/nowhere")),
            (&[][..], Some(":")),
            (&["--kube-context", "eu"][..], None),
        ] {
            assert!(
                choose(arguments, &around(variable, true)).is_err(),
                "{arguments:?} {variable:?}"
            );
        }
    }

    #[test]
    fn a_kubeconfig_that_is_there_is_used() {
        let here = env::current_exe().unwrap();
        let target = choose(&["--kube-context", "eu"], &around(here.to_str(), false)).unwrap();
        assert_eq!(
            target,
            Target::Context {
                paths: vec![here],
                context: Some("eu".into())
            }
        );
    }
}
