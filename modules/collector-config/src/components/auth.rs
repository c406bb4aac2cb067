//! The extensions with which senders say who they are, and receivers make sure of it.

use serde::{Deserialize, Serialize};

use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Stability};

settings! {
    /// Sends, or asks for, a token with each request.
    #[derive(Eq)]
    pub struct BearerTokenAuth {
        /// The token; better a placeholder than itself.
        pub token: String,
        /// Several, each of which will do.
        pub tokens: Vec<String>,
        /// The file with the token, which is read again when it changes; goes before the others.
        pub filename: String,
        /// What stands before the token: `Bearer` where nothing is said.
        pub scheme: Option<String>,
        /// The header: `Authorization` where nothing is said.
        pub header: Option<String>,
    }

    /// Sends, or asks for, a name and a password with each request.
    #[derive(Eq)]
    pub struct BasicAuth {
        /// Whom a receiver believes.
        pub htpasswd: Option<Htpasswd>,
        /// Who a sender says it is.
        pub client_auth: Option<ClientAuth>,
    }

    /// Names and digests of passwords, as Apache writes them.
    #[derive(Eq)]
    pub struct Htpasswd {
        /// The file with them.
        pub file: String,
        /// They themselves.
        pub inline: String,
    }

    /// Who a sender says it is.
    #[derive(Eq)]
    pub struct ClientAuth {
        /// The name.
        pub username: String,
        /// The file with the name, which is read again when it changes.
        pub username_file: String,
        /// The password; better a placeholder than itself.
        pub password: String,
        /// The file with the password, which is read again when it changes.
        pub password_file: String,
    }

    /// Sets headers of each request, also from those of the request that brought the data.
    #[derive(Eq)]
    pub struct HeadersSetter {
        /// The headers.
        pub headers: Vec<Header>,
        /// Another extension that a sender says with who it is.
        pub additional_auth: Option<ComponentId>,
    }

    /// One header.
    #[derive(Eq)]
    pub struct Header {
        /// Its name.
        pub key: String,
        /// What happens to it: it is set in any case, where nothing is said.
        pub action: Option<HeaderAction>,
        /// Its value.
        pub value: Option<String>,
        /// The file with its value, which is read again when it changes.
        pub value_file: Option<String>,
        /// The header of the request that brought the data. The receiver has to hand headers on, and what batches has
        /// to keep requests with different ones apart.
        pub from_context: Option<String>,
        /// What is known of who sent that request.
        pub from_attribute: Option<String>,
        /// Its value where there is no such header.
        pub default_value: Option<String>,
    }
}

/// What happens to a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderAction {
    /// Set where it is missing.
    Insert,
    /// Changed where it is there.
    Update,
    /// Set in any case.
    Upsert,
    /// Removed.
    Delete,
}

impl Component for BearerTokenAuth {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "bearertokenauth").ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let token = !self.token.is_empty();
        let tokens = !self.tokens.is_empty();
        let wrong = match (token, tokens, !self.filename.is_empty()) {
            (false, false, false) => "one of `token`, `tokens` and `filename` is needed",
            (true, true, _) => "either `token` or `tokens`, not both",
            _ => return Vec::new(),
        };
        vec![wrong.to_owned()]
    }
}

impl Component for BasicAuth {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Extension, "basicauth")
        .within(&[
            Distribution::Kubernetes,
            Distribution::Contrib,
            Distribution::Jaeger,
        ])
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        if self.htpasswd.is_some() == self.client_auth.is_some() {
            vec!["exactly one of `htpasswd` and `client_auth` is needed".to_owned()]
        } else {
            Vec::new()
        }
    }
}

impl Component for HeadersSetter {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "headers_setter").ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        self.additional_auth.clone().into_iter().collect()
    }

    fn mistakes(&self) -> Vec<String> {
        if self.headers.is_empty() {
            return vec!["`headers` are missing".to_owned()];
        }
        let wrong = self.headers.iter().filter_map(|header| {
            let sources = [
                &header.value,
                &header.value_file,
                &header.from_context,
                &header.from_attribute,
            ];
            let sources = sources.into_iter().flatten().count();
            let delete = header.action == Some(HeaderAction::Delete);
            if header.key.is_empty() {
                Some("headers: a `key` is missing".to_owned())
            } else if !delete && sources != 1 {
                let rule = "exactly one of `value`, `value_file`, `from_context` and `from_attribute` is needed";
                Some(format!("headers.{}: {rule}", header.key))
            } else {
                None
            }
        });
        wrong.collect()
    }
}
