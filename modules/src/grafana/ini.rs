//! What stands in `grafana.ini`?

use std::{collections::BTreeMap, fmt::Write as _};

use provider_core::Finding;

use crate::{login::Oidc, postgres::Database, tls};

/// Where the login of the database is mounted.
pub(super) const DATABASE: &str = "/etc/grafana-database";
/// Where the secret of the client is mounted that a provider knows Grafana as.
pub(super) const OIDC: &str = "/etc/grafana-oidc";
/// Where the key is mounted that what is secret in the database is encrypted with.
pub(super) const KEY: &str = "/etc/grafana-key";

/// `grafana.ini`, section by section, each with its settings, in the order of their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Ini(BTreeMap<&'static str, BTreeMap<&'static str, String>>);

impl Ini {
    fn set(&mut self, section: &'static str, settings: &[(&'static str, &str)]) {
        let section = self.0.entry(section).or_default();
        section.extend(
            settings
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned())),
        );
    }

    /// What holds for every Grafana: it tells nobody anything, fetches nothing, and lets nobody in unasked.
    pub(super) fn usual() -> Self {
        let mut ini = Self::default();
        ini.set(
            "analytics",
            &[
                ("check_for_plugin_updates", "false"),
                ("check_for_updates", "false"),
                ("feedback_links_enabled", "false"),
                ("reporting_enabled", "false"),
            ],
        );
        ini.set("auth.anonymous", &[("enabled", "false")]);
        ini.set("log", &[("mode", "console")]);
        ini.set("log.console", &[("format", "json")]);
        ini.set("metrics", &[("enabled", "true")]);
        ini.set("news", &[("news_feed_enabled", "false")]);
        ini.set(
            "paths",
            &[
                ("data", "/var/lib/grafana"),
                ("logs", "/tmp"),
                ("plugins", "/var/lib/grafana/plugins"),
                ("provisioning", "/etc/grafana/provisioning"),
            ],
        );
        ini.set(
            "plugins",
            &[
                ("plugin_admin_enabled", "false"),
                ("preinstall_disabled", "true"),
                ("public_key_retrieval_disabled", "true"),
            ],
        );
        ini.set(
            "security",
            &[
                ("disable_gravatar", "true"),
                ("secret_key", &format!("$__file{{{KEY}/key}}")),
            ],
        );
        ini.set("snapshots", &[("external_enabled", "false")]);
        ini.set("users", &[("allow_sign_up", "false")]);
        ini
    }

    /// The address that people know it by.
    pub(super) fn address(&mut self, url: &str) {
        self.set("server", &[("root_url", url)]);
        if url.starts_with("https://") {
            self.set(
                "security",
                &[("cookie_secure", "true"), ("cookie_samesite", "lax")],
            );
        }
    }

    /// It proves who it is.
    pub(super) fn secured(&mut self) {
        self.set(
            "server",
            &[
                ("protocol", "https"),
                ("cert_file", tls::CERTIFICATE_FILE),
                ("cert_key", tls::KEY_FILE),
            ],
        );
    }

    /// A file on its own volume. Readers do not wait for a writer there.
    pub(super) fn own_file(&mut self) {
        self.set("database", &[("type", "sqlite3"), ("wal", "true")]);
    }

    /// A database that several share, and where they tell each other whom they have alerted.
    pub(super) fn shared(&mut self, database: &Database, peers: &str, port: u16) {
        let file = |key: &str| format!("$__file{{{DATABASE}/{key}}}");
        self.set(
            "database",
            &[
                ("type", "postgres"),
                ("host", &database.server.destination().address()),
                ("name", &database.name),
                ("user", &file(&database.user_key)),
                ("password", &file(&database.password_key)),
                ("ssl_mode", database.ssl_mode()),
                // Each replica; a server has a hundred for all.
                ("max_open_conn", "20"),
            ],
        );
        if let Some(trusted) = database.trusted() {
            self.set("database", &[("ca_cert_path", trusted)]);
        }
        let own = format!("[$__env{{POD_IP}}]:{port}");
        self.set(
            "unified_alerting",
            &[
                ("ha_peers", peers),
                ("ha_listen_address", &own),
                ("ha_advertise_address", &own),
            ],
        );
    }

    /// People log in where the provider says who they are.
    pub(super) fn oidc(&mut self, oidc: &Oidc, admins: Option<&str>) {
        let secret = format!("$__file{{{OIDC}/{}}}", oidc.key);
        self.set(
            "auth.generic_oauth",
            &[
                ("enabled", "true"),
                ("name", "Single sign-on"),
                ("client_id", &oidc.client),
                ("client_secret", &secret),
                ("scopes", "openid profile email"),
                ("auth_url", &oidc.paths.authorize),
                ("token_url", &oidc.paths.token),
                ("api_url", &oidc.paths.userinfo),
                ("use_pkce", "true"),
                // Whom the provider lets in may look; who they are is the provider's to say.
                ("allow_sign_up", "true"),
            ],
        );
        if let Some(group) = admins {
            let path = format!("contains(groups[*], '{group}') && 'Admin' || 'Viewer'");
            self.set("auth.generic_oauth", &[("role_attribute_path", &path)]);
        }
    }

    /// What would be read as something else than it was meant as.
    pub(super) fn check(&self, name: &str) -> Option<Finding> {
        let settings = self.0.values().flatten();
        let odd = |value: &str| value.contains(char::is_control) || value.contains("\"\"\"");
        let (key, _) = settings.into_iter().find(|(_, value)| odd(value))?;
        let message = format!("the setting `{key}` of the Grafana `{name}` is more than one line");
        let hint = "write it on one, without three quotes in a row";
        Some(Finding::new("grafana-setting", message).hint(hint))
    }

    /// As a file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (section, settings) in &self.0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "[{section}]");
            for (key, value) in settings {
                let _ = if value.contains(['#', ';']) {
                    // What would begin a comment, does not within these.
                    writeln!(text, r#"{key} = """{value}""""#)
                } else {
                    writeln!(text, "{key} = {value}")
                };
            }
            text.push('\n');
        }
        text
    }
}
