//! How does a secret come to be without standing in a definition?

use std::{collections::BTreeMap, fmt};

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube_core::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::{
    lifecycle::Lifecycle,
    reference::Ref,
    scope::{Module, Scope},
    sensitive::Sensitive,
};

/// How to make a value that nobody chooses and nobody needs to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// So many random letters and digits, from the operating system's source of randomness.
    Generate {
        /// How many characters.
        length: usize,
    },
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipe::Generate { length } => write!(f, "generate {length}"),
        }
    }
}

/// A Secret that is created once: generated values are planned as their recipe, made in the run that
/// creates the Secret, and never shown.
///
/// ```
/// # use provider_core::{GeneratedSecret, Scope};
/// fn shop(stack: &mut Scope<'_>) {
///     let login = stack.add(GeneratedSecret::new("login").plain("username", "admin").generate("password", 32));
///     let _password = login.key("password");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct GeneratedSecret {
    name: String,
    plain: BTreeMap<String, Sensitive<String>>,
    recipes: BTreeMap<String, Recipe>,
}

impl GeneratedSecret {
    /// An empty one of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            plain: BTreeMap::new(),
            recipes: BTreeMap::new(),
        }
    }

    /// A key with a given value, such as a user name that belongs to a generated password.
    #[must_use]
    pub fn plain(mut self, key: impl Into<String>, value: impl Into<Sensitive<String>>) -> Self {
        self.plain.insert(key.into(), value.into());
        self
    }

    /// A key whose value is so many random letters and digits.
    #[must_use]
    pub fn generate(mut self, key: impl Into<String>, length: usize) -> Self {
        self.recipes.insert(key.into(), Recipe::Generate { length });
        self
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Sensitive::new(value.to_owned())
    }
}

impl Module for GeneratedSecret {
    type Outputs = Ref<Secret>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<Secret> {
        let data = self
            .plain
            .into_iter()
            .map(|(key, value)| (key, ByteString(value.expose().clone().into_bytes())));
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(self.name),
                ..ObjectMeta::default()
            },
            data: Some(data.collect()),
            type_: Some("Opaque".into()),
            ..Secret::default()
        };
        let secret = scope.add(secret);
        scope.lifecycle(&secret, Lifecycle::CreatedOnce);
        scope.recipes(&secret, self.recipes);
        secret
    }
}
