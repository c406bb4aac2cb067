//! The receiver that measures the machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Settings;
use crate::component::{Class, Component};
use crate::{
    ComponentType, Distribution, Duration, HostPath, LaterMounts, Need, Signal, Stability,
};

/// Measures the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostMetrics {
    /// How often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_interval: Option<Duration>,
    /// How long it waits before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_delay: Option<Duration>,
    /// Where the machine's root directory is mounted. A container without it measures itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_path: Option<String>,
    /// What it measures, and how.
    #[serde(deserialize_with = "scrapers")]
    pub scrapers: BTreeMap<Scraper, Settings>,
    /// How long one round may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How often the machine itself is told as an entity, in logs; 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_collection_interval: Option<Duration>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scraper {
    /// Processor time.
    Cpu,
    /// Reads and writes of disks.
    Disk,
    /// Space on file systems.
    Filesystem,
    /// The load average.
    Load,
    /// Memory.
    Memory,
    /// Network interfaces.
    Network,
    /// NFS.
    Nfs,
    /// Swap.
    Paging,
    /// Each process.
    Process,
    /// How many processes there are.
    Processes,
    /// How long the machine is up.
    System,
}

/// A scraper of which nothing is said is one with its defaults: `cpu:`.
fn scrapers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Scraper, Settings>, D::Error> {
    let scrapers = BTreeMap::<Scraper, Option<Settings>>::deserialize(deserializer)?;
    let each = scrapers.into_iter();
    Ok(each
        .map(|(scraper, settings)| (scraper, settings.unwrap_or_default()))
        .collect())
}

impl HostMetrics {
    /// The scrapers of a machine that runs containers, with the mounts left out that each container brings, and with how
    /// much memory there is and can be had. The network is not among them: `/proc/net` is that of the Pod who reads it,
    /// whatever the root path is.
    pub fn of_a_node(root_path: &str, every: Duration) -> Self {
        let plain = [
            Scraper::Cpu,
            Scraper::Disk,
            Scraper::Load,
            Scraper::Paging,
            Scraper::Processes,
        ];
        let mut scrapers: BTreeMap<Scraper, Settings> = plain
            .into_iter()
            .map(|scraper| (scraper, Settings::new()))
            .collect();
        scrapers.insert(Scraper::Filesystem, real_file_systems());
        scrapers.insert(Scraper::Memory, whole_memory());
        Self {
            collection_interval: Some(every),
            root_path: Some(root_path.to_owned()),
            scrapers,
            ..Self::default()
        }
    }
}

/// The states of memory lie over one another and make no sum: what there is, and what can be had, are asked for.
fn whole_memory() -> Settings {
    settings(serde_json::json!({
        "metrics": {
            "system.linux.memory.available": { "enabled": true },
            "system.memory.limit": { "enabled": true },
        },
    }))
}

/// Without the file systems that take no space, and without those of single containers and of their volumes. A disk that
/// all containers share, such as one at `/var/lib/containerd`, is among them.
fn real_file_systems() -> Settings {
    settings(serde_json::json!({
        "exclude_mount_points": {
            "match_type": "regexp",
            "mount_points": [
                "^/(dev|proc|sys|run/k3s/containerd|run/containerd)($|/)",
                "(^|/)(containerd|docker|kubelet/(pods|plugins))/.",
            ],
        },
        "exclude_fs_types": {
            "match_type": "strict",
            "fs_types": [
                "autofs", "binfmt_misc", "bpf", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
                "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs", "pstore",
                "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs",
            ],
        },
    }))
}

fn settings(value: serde_json::Value) -> Settings {
    match value {
        serde_json::Value::Object(settings) => settings,
        _ => Settings::new(),
    }
}

impl Component for HostMetrics {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Receiver, "host_metrics")
            .within(Distribution::CORE)
            .renamed_from("hostmetrics", 151)
            .signals(&[Signal::Metrics, Signal::Logs])
            .ripe_for(&[
                (Signal::Metrics, Stability::Beta),
                (Signal::Logs, Stability::Development),
            ]);

    fn mistakes(&self) -> Vec<String> {
        if self.scrapers.is_empty() {
            vec!["`scrapers` are missing".to_owned()]
        } else {
            Vec::new()
        }
    }

    fn needs(&self) -> Vec<Need> {
        let root = self.root_path.clone().map(|seen_at| HostPath {
            path: "/".to_owned(),
            seen_at,
            later_mounts: LaterMounts::Seen,
        });
        root.map(Need::HostPath).into_iter().collect()
    }
}
