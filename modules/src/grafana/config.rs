//! What does Grafana find when it starts?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A file of data sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasourcesYaml {
    /// The version of the format.
    pub api_version: u32,
    /// Whether sources go that are no longer in a file.
    pub prune: bool,
    /// The sources.
    pub datasources: Vec<DatasourceYaml>,
}

/// One data source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasourceYaml {
    /// Its name for people.
    pub name: String,
    /// Its name for dashboards and for other sources, which never changes.
    pub uid: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who asks: the server.
    pub access: String,
    /// Where.
    pub url: String,
    /// Whether it is the one that a new panel begins with.
    pub is_default: bool,
    /// Whether people may change it.
    pub editable: bool,
    /// Whether it logs in with a name and a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<bool>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_auth_user: Option<String>,
    /// What only its kind knows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub json_data: Map<String, Value>,
    /// The same for what Grafana encrypts. Files that it reads are named, never what is in them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secure_json_data: BTreeMap<String, String>,
}

/// A file of places where dashboards are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DashboardsYaml {
    /// The version of the format.
    pub api_version: u32,
    /// The places.
    pub providers: Vec<DashboardProvider>,
}

/// A place where dashboards are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DashboardProvider {
    /// Its name.
    pub name: String,
    /// The folder that they appear in.
    pub folder: String,
    /// The folder's name for links.
    pub folder_uid: String,
    /// What it is: files.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a dashboard stays whose file is gone.
    pub disable_deletion: bool,
    /// Whether people may save over a file.
    pub allow_ui_updates: bool,
    /// How often it looks.
    pub update_interval_seconds: u32,
    /// What only its kind knows.
    pub options: ProviderOptions,
}

/// Where files are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderOptions {
    /// The directory.
    pub path: String,
}
