//! What stands in `alertmanager.yml`?

use serde::{Deserialize, Serialize};

/// `alertmanager.yml`, as Alertmanager 0.34 reads it. Secrets stand in files that it names, never in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerYml {
    /// What holds for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global: Option<Global>,
    /// Which alert goes to whom.
    pub route: RouteYml,
    /// Which alert makes which others needless.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inhibit_rules: Vec<InhibitRule>,
    /// Who is told, and how.
    pub receivers: Vec<ReceiverYml>,
}

/// What holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Global {
    /// Whom mail comes from.
    pub smtp_from: String,
    /// Who takes mail: `host:port`.
    pub smtp_smarthost: String,
    /// The user there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_auth_username: Option<String>,
    /// The file with that user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_auth_password_file: Option<String>,
}

/// Which alert goes to whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteYml {
    /// Who is told.
    pub receiver: String,
    /// The labels that alerts of one message have in common.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// The alerts that are meant; all of them where nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matchers: Vec<String>,
    /// Whether the routes after this one are looked at too.
    #[serde(rename = "continue", default, skip_serializing_if = "Option::is_none")]
    pub go_on: Option<bool>,
    /// How long is waited for more alerts of a new message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_wait: Option<String>,
    /// How long is waited before more is said of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_interval: Option<String>,
    /// How long is waited before the same is said again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_interval: Option<String>,
    /// Who else is told of some of them; the first that fits decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteYml>,
}

/// Which alert makes which others needless.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InhibitRule {
    /// The alerts that say enough.
    pub source_matchers: Vec<String>,
    /// The alerts that are not sent then.
    pub target_matchers: Vec<String>,
    /// The labels that both must have in common.
    pub equal: Vec<String>,
}

/// Who is told, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverYml {
    /// The name.
    pub name: String,
    /// By mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_configs: Vec<Email>,
    /// In Microsoft Teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub msteamsv2_configs: Vec<Teams>,
    /// By `PagerDuty`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pagerduty_configs: Vec<PagerDuty>,
    /// In Slack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slack_configs: Vec<Slack>,
    /// By a program that takes JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook_configs: Vec<Webhook>,
}

/// By mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The addresses.
    pub to: String,
    /// Whether the end of an alert is told too.
    pub send_resolved: bool,
}

/// In Microsoft Teams.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teams {
    /// The file with the secret URL of the channel.
    pub webhook_url_file: String,
    /// Whether the end of an alert is told too.
    pub send_resolved: bool,
}

/// By `PagerDuty`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDuty {
    /// The file with the key of the service's integration.
    pub routing_key_file: String,
    /// Whether the end of an alert is told too.
    pub send_resolved: bool,
}

/// In Slack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The file with the secret URL of the workspace.
    pub api_url_file: String,
    /// The channel.
    pub channel: String,
    /// Whether the end of an alert is told too.
    pub send_resolved: bool,
}

/// By a program that takes JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file that says where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<String>,
    /// Whether the end of an alert is told too.
    pub send_resolved: bool,
}
