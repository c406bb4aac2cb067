//! Who is told of alerts, and how?

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Destination, Endpoint, Ref, Security, Transport};

use super::config::{Email, PagerDuty, ReceiverYml, Slack, Teams, Webhook};
use crate::protocol::Http;

/// Where the keys of a Secret are files.
pub(super) const SECRETS: &str = "/etc/alertmanager/secrets";

/// Somebody who is told of alerts, in one way or in several.
///
/// What is secret about it stands in a Secret that the stack knows by reference, and is read from a file.
///
/// ```
/// # use modules::alertmanager::Receiver;
/// # use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
/// fn team(stack: &mut Scope<'_>) -> Receiver {
///     let slack = stack.existing::<Secret>("slack");
///     Receiver::new("team").slack("#alerts", &slack, "url")
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    pub(super) yaml: ReceiverYml,
    pub(super) secrets: Vec<String>,
    pub(super) sends: Vec<Destination>,
}

/// The server that takes mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Smtp {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) from: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) secret: Option<String>,
}

impl Receiver {
    /// Somebody of that name, who is not told yet.
    pub fn new(name: &str) -> Self {
        Self {
            yaml: ReceiverYml {
                name: name.to_owned(),
                ..ReceiverYml::default()
            },
            secrets: Vec::new(),
            sends: Vec::new(),
        }
    }

    /// In a channel of Slack; the key of the Secret holds the URL that Slack gave out.
    #[must_use]
    pub fn slack(mut self, channel: &str, secret: &Ref<Secret>, key: &str) -> Self {
        let slack = Slack {
            api_url_file: self.file(secret, key),
            channel: channel.to_owned(),
            send_resolved: true,
        };
        self.yaml.slack_configs.push(slack);
        self.outside("hooks.slack.com", 443)
    }

    /// In a channel of Microsoft Teams; the key of the Secret holds the URL of its workflow.
    #[must_use]
    pub fn teams(mut self, secret: &Ref<Secret>, key: &str) -> Self {
        let teams = Teams {
            webhook_url_file: self.file(secret, key),
            send_resolved: true,
        };
        self.yaml.msteamsv2_configs.push(teams);
        self.outside("teams.microsoft.com", 443)
    }

    /// By `PagerDuty`; the key of the Secret holds the integration key of the service.
    #[must_use]
    pub fn pagerduty(mut self, secret: &Ref<Secret>, key: &str) -> Self {
        let pager = PagerDuty {
            routing_key_file: self.file(secret, key),
            send_resolved: true,
        };
        self.yaml.pagerduty_configs.push(pager);
        self.outside("events.pagerduty.com", 443)
    }

    /// By mail, through the server that the Alertmanager knows.
    #[must_use]
    pub fn email(mut self, address: &str) -> Self {
        self.yaml.email_configs.push(Email {
            to: address.to_owned(),
            send_resolved: true,
        });
        self
    }

    /// By a program that takes JSON.
    #[must_use]
    pub fn webhook(mut self, program: &Endpoint<Http>, path: &str) -> Self {
        self.yaml.webhook_configs.push(Webhook {
            url: Some(format!("{}{path}", program.url())),
            url_file: None,
            send_resolved: true,
        });
        self.sends.push(program.destination().clone());
        self
    }

    /// By a program outside whose URL is secret: the key of the Secret holds it. The port is said here, so that the
    /// way there is open.
    #[must_use]
    pub fn secret_webhook(mut self, port: u16, secret: &Ref<Secret>, key: &str) -> Self {
        let webhook = Webhook {
            url: None,
            url_file: Some(self.file(secret, key)),
            send_resolved: true,
        };
        self.yaml.webhook_configs.push(webhook);
        self.outside("secret-webhook", port)
    }

    /// Whether anyone would hear.
    pub(super) fn is_told(&self) -> bool {
        let ReceiverYml {
            name: _,
            email_configs,
            msteamsv2_configs,
            pagerduty_configs,
            slack_configs,
            webhook_configs,
        } = &self.yaml;
        !email_configs.is_empty()
            || !msteamsv2_configs.is_empty()
            || !pagerduty_configs.is_empty()
            || !slack_configs.is_empty()
            || !webhook_configs.is_empty()
    }

    fn file(&mut self, secret: &Ref<Secret>, key: &str) -> String {
        self.secrets.push(secret.name().to_owned());
        file(secret, key)
    }

    fn outside(mut self, host: &str, port: u16) -> Self {
        self.sends.push(outside(host, port));
        self
    }
}

impl Smtp {
    /// A server that takes mail from `from` without asking who sends it.
    pub fn new(host: &str, port: u16, from: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            from: from.to_owned(),
            user: None,
            password: None,
            secret: None,
        }
    }

    /// The server asks for a user, whose password the key of the Secret holds.
    #[must_use]
    pub fn login(mut self, user: &str, secret: &Ref<Secret>, key: &str) -> Self {
        self.user = Some(user.to_owned());
        self.password = Some(file(secret, key));
        self.secret = Some(secret.name().to_owned());
        self
    }

    pub(super) fn destination(&self) -> Destination {
        outside(&self.host, self.port)
    }
}

fn file(secret: &Ref<Secret>, key: &str) -> String {
    format!("{SECRETS}/{}/{key}", secret.name())
}

fn outside(host: &str, port: u16) -> Destination {
    Destination::Outside {
        host: host.to_owned(),
        port,
        transport: Transport::Tcp,
        // Mail is sent with STARTTLS; of a secret address only the port is known.
        security: match port {
            80 => Security::Plain,
            _ => Security::Tls,
        },
    }
}
