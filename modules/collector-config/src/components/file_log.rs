//! The receiver that reads log files.

use serde::{Deserialize, Serialize};

use super::{Settings, is_default};
use crate::component::{Class, Component};
use crate::needs::static_folder;
use crate::{ComponentId, ComponentType, Duration, HostPath, LaterMounts, Need, Signal, Stability};

/// Reads log files as they grow.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the program of its own"
)]
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
    /// Files that did not change for this long are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_older_than: Option<Duration>,
    /// Which files come first, and how many are read.
    #[serde(skip_serializing_if = "super::is_default")]
    pub ordering_criteria: Settings,
    /// Whether the file's path without links becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_path_resolved: bool,
    /// Whether the file's name without links becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_name_resolved: bool,
    /// Whether the name of the file's owner becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_owner_name: bool,
    /// Whether the name of the file's group becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_owner_group_name: bool,
    /// Whether the file's permissions become an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_permissions: bool,
    /// Whether the number of the line becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_record_number: bool,
    /// Whether the place in the file becomes an attribute.
    #[serde(skip_serializing_if = "super::is_default")]
    pub include_file_record_offset: bool,
    /// How lines are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiline: Option<Multiline>,
    /// After how long an unfinished line is sent: 500 ms where nothing is said; 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_flush_period: Option<Duration>,
    /// How text is written: `utf-8` where nothing is said.
    #[serde(skip_serializing_if = "super::is_default")]
    pub encoding: String,
    /// Whether blanks before a line stay.
    #[serde(skip_serializing_if = "super::is_default")]
    pub preserve_leading_whitespaces: bool,
    /// Whether blanks after a line stay.
    #[serde(skip_serializing_if = "super::is_default")]
    pub preserve_trailing_whitespaces: bool,
    /// By how many bytes a file is recognised: `1kb` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint_size: Option<serde_json::Value>,
    /// How much is read at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_buffer_size: Option<serde_json::Value>,
    /// How long a record may be: `1MiB` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_log_size: Option<serde_json::Value>,
    /// What happens to a longer one: `split` where nothing is said, or `truncate`.
    #[serde(skip_serializing_if = "super::is_default")]
    pub max_log_size_behavior: String,
    /// How many rounds of files are read at a time; 0 for all.
    #[serde(skip_serializing_if = "super::is_default")]
    pub max_batches: u32,
    /// What stands at the head of each file; needs the feature gate `filelog.allowHeaderMetadataParsing`.
    #[serde(skip_serializing_if = "super::is_default")]
    pub header: Settings,
    /// Whether files are removed when they were read; needs the feature gate `filelog.allowFileDeletion`.
    #[serde(skip_serializing_if = "super::is_default")]
    pub delete_after_read: bool,
    /// How files are compressed: `gzip`, `auto`, or not.
    #[serde(skip_serializing_if = "super::is_default")]
    pub compression: String,
    /// How many rounds a file that is gone is remembered.
    #[serde(skip_serializing_if = "super::is_default")]
    pub polls_to_archive: u32,
    /// Whether files are locked while they are read.
    #[serde(skip_serializing_if = "super::is_default")]
    pub acquire_fs_lock: bool,
    /// Whether the system is told that what was read is not needed again.
    #[serde(skip_serializing_if = "super::is_default")]
    pub file_cache_advise: bool,
    /// What happens when a file becomes shorter: `ignore`, `read_whole_file`, `read_new`.
    #[serde(skip_serializing_if = "super::is_default")]
    pub on_truncate: String,
    /// Attributes of every record.
    #[serde(skip_serializing_if = "super::is_default")]
    pub attributes: Settings,
    /// Resource attributes of every record.
    #[serde(skip_serializing_if = "super::is_default")]
    pub resource: Settings,
}

settings! {
    /// How lines are put together; one of the two patterns.
    #[derive(Eq)]
    pub struct Multiline {
        /// What a record begins with.
        pub line_start_pattern: String,
        /// What a record ends with.
        pub line_end_pattern: String,
        /// Whether that is left out.
        pub omit_pattern: bool,
    }
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
        let both = self.multiline.as_ref().is_some_and(|lines| {
            !lines.line_start_pattern.is_empty() && !lines.line_end_pattern.is_empty()
        });
        if both {
            let rule = "multiline: either `line_start_pattern` or `line_end_pattern`, not both";
            found.push(rule.to_owned());
        }
        if self.delete_after_read && self.start_at == StartAt::End {
            found.push("`delete_after_read` needs `start_at: beginning`".to_owned());
        }
        if self.max_concurrent_files == Some(0) {
            found.push("`max_concurrent_files` must be positive".to_owned());
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
