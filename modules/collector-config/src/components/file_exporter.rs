//! The exporter that writes telemetry to files.

use serde::{Deserialize, Serialize};

use super::otlp_exporters::CompressionParams;
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability};

settings! {
    /// Writes telemetry to files, as OTLP.
    #[derive(Eq)]
    pub struct FileExporter {
        /// The file; with a `*` in it where there is one for each of a group.
        pub path: String,
        /// Whether what is there stays.
        pub append: bool,
        /// When a new file is begun.
        pub rotation: Option<Rotation>,
        /// How it is written: as JSON, where nothing is said.
        pub format: Option<Format>,
        /// The extension that knows how it is written, in place of a built-in way.
        pub encoding: Option<ComponentId>,
        /// How it is compressed: `zstd`, or not.
        pub compression: String,
        /// How hard.
        pub compression_params: CompressionParams,
        /// How often it is written out: every second, where nothing is said.
        pub flush_interval: Option<Duration>,
        /// Whether there are files for groups.
        pub group_by: Option<GroupBy>,
        /// Whether a missing folder is made.
        pub create_directory: bool,
        /// Who may do what with it, as in `chmod`.
        pub directory_permissions: String,
    }

    /// When a new file is begun.
    #[derive(Eq)]
    pub struct Rotation {
        /// When the old one has so many MB: 100 where nothing is said.
        pub max_megabytes: Option<u32>,
        /// After how many days old ones are removed; 0 for never.
        pub max_days: u32,
        /// How many old ones are kept: 100 where nothing is said.
        pub max_backups: Option<u32>,
        /// Whether their names have the time of the place.
        pub localtime: bool,
    }

    /// Files for groups.
    #[derive(Eq)]
    pub struct GroupBy {
        /// Whether there are.
        pub enabled: bool,
        /// The resource attribute with the part of the path: `fileexporter.path_segment` where nothing is said.
        pub resource_attribute: Option<String>,
        /// How many are open at a time: 100 where nothing is said.
        pub max_open_files: Option<u32>,
    }
}

/// How telemetry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As JSON.
    Json,
    /// As protocol buffers.
    Proto,
}

impl Component for FileExporter {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "file")
        .in_gateway()
        .within(Distribution::CORE)
        .signals(&Signal::ALL)
        .ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        self.encoding.clone().into_iter().collect()
    }

    fn needs(&self) -> Vec<Need> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = (!folder.is_empty()).then(|| folder.to_owned());
        folder.map(Need::Storage).into_iter().collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let grouped = self.group_by.as_ref().is_some_and(|groups| groups.enabled);
        let stars = self.path.matches('*').count();
        let rules = [
            (self.path.is_empty(), "`path` is missing"),
            (
                self.append && self.rotation.is_some(),
                "either `append` or `rotation`, not both",
            ),
            (
                !matches!(self.compression.as_str(), "" | "zstd"),
                "`compression` can only be `zstd`",
            ),
            (
                grouped && (stars != 1 || self.path.starts_with('*')),
                "`group_by` needs one `*` in the `path`, and not at its beginning",
            ),
            (
                !self.create_directory && !self.directory_permissions.is_empty(),
                "`directory_permissions` belong to `create_directory`",
            ),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, rule)| rule.to_owned()).collect()
    }
}
