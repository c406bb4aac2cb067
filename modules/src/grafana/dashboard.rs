//! How do dashboards come into Grafana?
//!
//! Anyone announces one, as [`Dashboard`]; every Grafana of the stack shows all of them, and those of the stack. They stand in ConfigMaps of
//! fixed names, one folder each, which Grafana reads again when they change: nothing restarts for a new dashboard.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, ProjectedVolumeSource, Volume, VolumeProjection,
};
use provider_core::{Finding, Scope};
use serde_json::{Value, json};

use super::{
    Grafana, Home,
    config::{DashboardProvider, DashboardsYaml, ProviderOptions},
    links,
    source::Source,
};
use crate::{
    file::Files,
    made::Ways,
    monitoring::{self, Traces},
    pod::Pod,
};

/// Where Grafana finds dashboards, a directory for each folder.
const HOME: &str = "/etc/grafana/dashboards";
/// The most ConfigMaps of one folder. They are all mounted, whether they are there or not, since what is mounted must
/// not depend on what is announced later.
const PARTS: usize = 3;
/// What one ConfigMap holds; the API server takes one mebibyte, names and labels included.
const PART: usize = 1_000_000;

/// A dashboard that every Grafana of the stack shows: `stack.announce(Dashboard::new(Folder::Services, …))`.
///
/// ```
/// use modules::grafana::{Dashboard, Folder};
/// use serde_json::json;
///
/// # fn shop(stack: &mut provider_core::Scope<'_>) {
/// let till = json!({ "panels": [] });
/// stack.announce(Dashboard::new(Folder::Services, "shop-till", "The till", till));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// The folder that it stands in.
    pub folder: Folder,
    /// What addresses and links name it by, which never changes: at most 40 letters, digits, hyphens and underscores.
    pub uid: String,
    /// What people read.
    pub title: String,
    /// Its model, without an `id`; `uid` and `title` are written into it.
    pub json: Value,
}

/// A folder of dashboards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folder {
    /// Whether telemetry flows.
    Telemetry,
    /// What keeps it and answers.
    Backends,
    /// The cluster's nodes and Pods.
    Cluster,
    /// The services themselves.
    Services,
    /// Another one, which the Grafana that shows it was told of.
    Own(String),
}

/// Which dashboards a Grafana shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// What was announced, and those of the stack: one or more for each kind of program that is there.
    #[default]
    Everything,
    /// What was announced.
    Announced,
}

/// What one Grafana shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) folders: Vec<Folder>,
    dashboards: Show,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            folders: Folder::USUAL.to_vec(),
            dashboards: Show::default(),
        }
    }
}

impl<H: Home> Grafana<H> {
    /// Shows the dashboards of one more folder, `Folder::Own(title)`.
    #[must_use]
    pub fn folder(mut self, title: &str) -> Self {
        self.shown.folders.push(Folder::Own(title.to_owned()));
        self
    }

    /// Shows those dashboards; everything otherwise.
    #[must_use]
    pub fn show(mut self, dashboards: Show) -> Self {
        self.shown.dashboards = dashboards;
        self
    }
}

impl Dashboard {
    /// A dashboard.
    pub fn new(
        folder: Folder,
        uid: impl Into<String>,
        title: impl Into<String>,
        json: Value,
    ) -> Self {
        Self {
            folder,
            uid: uid.into(),
            title: title.into(),
            json,
        }
    }

    /// Its model as a file.
    fn file(mut self) -> (String, String) {
        if let Some(model) = self.json.as_object_mut() {
            // An id belongs to one database.
            model.remove("id");
            model.insert("uid".to_owned(), json!(self.uid));
            model.insert("title".to_owned(), json!(self.title));
        }
        (format!("{}.json", self.uid), self.json.to_string())
    }
}

impl Folder {
    /// Those that are always there.
    pub(super) const USUAL: [Folder; 4] = [
        Folder::Telemetry,
        Folder::Backends,
        Folder::Cluster,
        Folder::Services,
    ];

    /// What people read.
    pub fn title(&self) -> &str {
        match self {
            Folder::Telemetry => "Telemetry",
            Folder::Backends => "Backends",
            Folder::Cluster => "Cluster",
            Folder::Services => "Services",
            Folder::Own(title) => title,
        }
    }

    /// What its directory and its ConfigMaps are called.
    fn slug(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let slug: String = self.title().chars().map(plain).collect();
        slug.trim_matches('-').to_owned()
    }

    fn config_map(&self, program: &str, part: usize) -> String {
        format!("{program}-{}", self.what(part))
    }

    fn what(&self, part: usize) -> String {
        format!("dashboards-{}-{part}", self.slug())
    }
}

/// Where Grafana is told to look, and how often.
pub(super) fn providers(folders: &[Folder]) -> DashboardsYaml {
    let provider = |folder: &Folder| DashboardProvider {
        name: folder.slug(),
        folder: folder.title().to_owned(),
        folder_uid: folder.slug(),
        kind: "file".to_owned(),
        // What is not announced any more goes.
        disable_deletion: false,
        allow_ui_updates: false,
        update_interval_seconds: 30,
        options: ProviderOptions {
            path: format!("{HOME}/{}", folder.slug()),
        },
    };
    DashboardsYaml {
        api_version: 1,
        providers: folders.iter().map(provider).collect(),
    }
}

/// Mounts the ConfigMaps that the folders may have.
pub(super) fn mount(pod: &mut Pod, folders: &[Folder]) {
    for folder in folders {
        let source = |part| VolumeProjection {
            config_map: Some(ConfigMapProjection {
                name: folder.config_map(&pod.name, part),
                optional: Some(true),
                ..ConfigMapProjection::default()
            }),
            ..VolumeProjection::default()
        };
        let name = format!("dashboards-{}", folder.slug());
        let projected = ProjectedVolumeSource {
            sources: Some((0..PARTS).map(source).collect()),
            ..ProjectedVolumeSource::default()
        };
        pod.volumes.push(Volume {
            name: name.clone(),
            projected: Some(projected),
            ..Volume::default()
        });
        pod.mount_read_only(&name, &format!("{HOME}/{}", folder.slug()));
    }
}

/// Writes down what was announced, and those of the stack where there is a source of metrics to ask. To be called in
/// such a way that it comes after everything.
pub(super) fn collect(scope: &mut Scope<'_>, program: &str, shown: &Shown, sources: &[Source]) {
    let folders = shown.folders.as_slice();
    let mut all = scope.announced::<Dashboard>();
    if sources.iter().any(Source::is_metrics) && shown.dashboards == Show::Everything {
        let made = Ways::of(scope).anywhere();
        let traces = links::traces(sources).map(|at| Traces {
            kind: at.kind,
            uid: at.uid.clone(),
        });
        let watched = scope.announced();
        all.extend(monitoring::dashboards(&watched, &made, traces.as_ref()));
    }
    all.sort_by(|a, b| (&a.folder, &a.uid).cmp(&(&b.folder, &b.uid)));
    all.dedup();
    for finding in check(program, folders, &all) {
        scope.finding(finding);
    }
    let mut by_folder: BTreeMap<Folder, Vec<Dashboard>> = BTreeMap::new();
    for dashboard in all.into_iter().filter(|dashboard| is_uid(&dashboard.uid)) {
        by_folder
            .entry(dashboard.folder.clone())
            .or_default()
            .push(dashboard);
    }
    for (folder, dashboards) in by_folder {
        if folders.contains(&folder) {
            write(scope, program, &folder, dashboards);
        }
    }
}

fn write(scope: &mut Scope<'_>, program: &str, folder: &Folder, dashboards: Vec<Dashboard>) {
    let mut parts: Vec<(usize, Files)> = Vec::new();
    for (name, text) in dashboards.into_iter().map(Dashboard::file) {
        let size = name.len() + text.len();
        match parts.last_mut() {
            Some((filled, files)) if *filled + size <= PART => {
                *filled += size;
                files.add(&name, text);
            }
            _ => parts.push((size, Files::one(&name, text))),
        }
    }
    if parts.len() > PARTS {
        let message = format!(
            "the dashboards of the folder `{}` need {} ConfigMaps, and `{program}` reads {PARTS}",
            folder.title(),
            parts.len()
        );
        let hint = "announce some of them in another folder";
        scope.finding(Finding::new("dashboards-too-large", message).hint(hint));
    }
    for (part, (_, files)) in parts.into_iter().enumerate() {
        files.build_reloaded(scope, program, &folder.what(part));
    }
}

fn check(program: &str, folders: &[Folder], all: &[Dashboard]) -> Vec<Finding> {
    let wrong = |message: String, hint: &str| Finding::new("dashboard", message).hint(hint);
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for Dashboard {
        folder,
        uid,
        title,
        json,
    } in all
    {
        if !seen.insert(uid) {
            let message = format!("two dashboards have the uid `{uid}`");
            found.push(wrong(message, "give each a uid of its own"));
        }
        if !is_uid(uid) {
            let message = format!("`{uid}` is no uid of a dashboard");
            found.push(wrong(
                message,
                "at most 40 letters, digits, hyphens and underscores",
            ));
        }
        if !json.is_object() {
            let message = format!("the dashboard `{title}` has no model");
            found.push(wrong(message, "give it a JSON object"));
        }
        if !folders.contains(folder) {
            let message = format!("the Grafana `{program}` has no folder `{}`", folder.title());
            let hint = format!("tell it with `.folder(\"{}\")`", folder.title());
            found.push(wrong(message, &hint));
        }
    }
    found
}

pub(super) fn is_uid(uid: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=40).contains(&uid.len()) && uid.bytes().all(plain)
}
