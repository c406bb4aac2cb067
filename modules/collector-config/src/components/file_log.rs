//! The receiver that reads log files.

use serde::{Deserialize, Serialize};

use super::{Settings, is_default};
use crate::component::{Class, Component};
use crate::needs::static_folder;
use crate::{ComponentId, ComponentType, Duration, HostPath, LaterMounts, Need, Signal, Stability};

/// Reads log files as they grow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileLog {
    /// Patterns of files to read.
    pub include: Vec<String>,
    /// Patterns of files to leave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Where a file that is seen for the first time is read from.
    #[serde(skip_serializing_if = "is_default")]
    pub start_at: StartAt,
    /// Whether the file's path becomes an attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_file_path: Option<bool>,
    /// Whether the file's name becomes an attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_file_name: Option<bool>,
    /// How often it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_interval: Option<Duration>,
    /// How many files it reads at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_files: Option<u32>,
    /// The storage extension that keeps how far each file was read. Without it a restart repeats or loses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<ComponentId>,
    /// Trying again when the pipeline refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<ConsumerRetry>,
    /// What happens to each line, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Operator>,
}

/// Where a new file is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartAt {
    /// From its first line.
    Beginning,
    /// From what is written next.
    #[default]
    End,
}

/// Trying again when a pipeline refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerRetry {
    /// Whether at all.
    pub enabled: bool,
    /// The first pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_interval: Option<Duration>,
    /// The longest pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_interval: Option<Duration>,
    /// When to give up; 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_elapsed_time: Option<Duration>,
}

/// What happens to a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    /// The operator's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name, where another refers to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Everything else that it is told.
    #[serde(flatten)]
    pub settings: Settings,
}

impl Operator {
    /// Understands the lines of every container runtime, puts split lines together and takes the names of
    /// Pod, container and namespace from the file's path.
    pub fn container() -> Self {
        Self {
            kind: "container".to_owned(),
            id: None,
            settings: Settings::new(),
        }
    }
}

impl FileLog {
    /// The logs of all containers of a node but those whose path matches `exclude`.
    pub fn of_containers(storage: ComponentId, exclude: Vec<String>) -> Self {
        Self {
            include: vec!["/var/log/pods/*/*/*.log".to_owned()],
            exclude,
            start_at: StartAt::End,
            include_file_path: Some(true),
            include_file_name: Some(false),
            storage: Some(storage),
            retry_on_failure: Some(ConsumerRetry {
                enabled: true,
                ..ConsumerRetry::default()
            }),
            operators: vec![Operator::container()],
            ..Self::default()
        }
    }
}

impl Component for FileLog {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "file_log")
        .renamed_from("filelog", 149)
        .signals(&[Signal::Logs])
        .ripe(Stability::Beta);

    fn extensions(&self) -> Vec<ComponentId> {
        self.storage.clone().into_iter().collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let container = self.operators.iter().any(|o| o.kind == "container");
        let mut found = Vec::new();
        if self.include.is_empty() {
            found.push("`include` is missing".to_owned());
        }
        if container && self.include_file_path != Some(true) {
            found.push("the `container` operator needs `include_file_path: true`".to_owned());
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        // Below this, the kubelet lets root alone read.
        const PODS: &str = "/var/log/pods";
        let folder = |pattern: &String| {
            let path = static_folder(pattern).to_owned();
            HostPath {
                seen_at: path.clone(),
                path,
                later_mounts: LaterMounts::Unseen,
            }
        };
        let folders = self.include.iter().map(folder).map(Need::HostPath);
        let root = self.include.iter().any(|path| path.starts_with(PODS));
        folders.chain(root.then_some(Need::Root)).collect()
    }
}
