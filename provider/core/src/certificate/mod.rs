//! How does a certificate come to be that nobody makes by hand?
//!
//! A definition says the recipe: for which names, signed by whom, for how long. What the recipe gives is made when
//! it is applied, kept in a Secret, and made anew by the run that finds it due. A plan shows the recipe and never
//! the key.
//!
//! An authority is exchanged in steps, so that no two programs ever disagree about whom they trust: first its
//! successor is *introduced* (both are trusted, the old one signs), after the overlap it is *promoted* (both are
//! trusted, the new one signs, and everything that the old one signed is made anew), and when the old certificate has
//! expired it is *retired*. Each is one change of the authority's Secret in one `up`.

use std::{collections::BTreeSet, fmt};

use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use crate::id::ResourceId;

mod add;

pub use add::{GeneratedAuthority, GeneratedCertificate};

/// The key of a Secret under which its certificate stands.
pub const CERTIFICATE: &str = "tls.crt";
/// The key of a Secret under which its private key stands.
pub const PRIVATE_KEY: &str = "tls.key";
/// The key of a Secret under which the certificates stand that are trusted.
pub const TRUSTED: &str = "ca.crt";
/// The key of an authority's Secret under which its successor's certificate stands.
pub const NEXT_CERTIFICATE: &str = "next.crt";
/// The key of an authority's Secret under which its successor's private key stands.
pub const NEXT_PRIVATE_KEY: &str = "next.key";

/// The recipe of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Certificate {
    /// Signs others.
    Authority {
        /// What it is called; a part of its key is added, so that two of one name can be told apart.
        name: String,
        /// How long it lasts.
        #[serde(flatten)]
        validity: Validity,
        /// How long a successor is trusted before it signs.
        overlap_days: u32,
    },
    /// Proves to clients and to servers who its owner is.
    Leaf {
        /// The Secret of the authority that signs it.
        authority: ResourceId,
        /// DNS names and addresses.
        names: BTreeSet<String>,
        /// How long it lasts.
        #[serde(flatten)]
        validity: Validity,
    },
}

/// How long a certificate lasts, and how long before its end another is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Validity {
    /// From being made to its end.
    pub valid_days: u32,
    /// Before its end.
    pub renewed_days_before: u32,
}

/// What a Secret was found to hold that should hold a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certified {
    /// Nothing that could be used.
    Damaged {
        /// What is wrong with it.
        why: String,
    },
    /// An authority.
    Authority {
        /// When the certificate that signs ends.
        expires: Timestamp,
        /// Since when its successor is trusted, where there is one.
        next: Option<Timestamp>,
        /// When those end that are trusted beside these two.
        retired: BTreeSet<Timestamp>,
    },
    /// A leaf, with a key that fits.
    Leaf {
        /// When it ends.
        expires: Timestamp,
        /// The names that it should have.
        lacks: BTreeSet<String>,
        /// The names that it has and should not.
        surplus: BTreeSet<String>,
        /// Whose signature it carries.
        signed: Signed,
    },
}

/// Whose signature a certificate carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// That of its authority as it is now.
    ByItsAuthority,
    /// Any other.
    ByAnother,
}

/// What is made of a certificate in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Making {
    /// All of it.
    Whole,
    /// The successor of an authority, to be trusted beside it.
    Introduce,
    /// The successor signs from now on.
    Promote,
    /// What has expired is trusted no longer.
    Retire,
}

impl Certificate {
    /// How long it lasts.
    pub fn validity(&self) -> Validity {
        match self {
            Certificate::Authority { validity, .. } | Certificate::Leaf { validity, .. } => {
                *validity
            }
        }
    }

    /// The keys of the Secret that the recipe may fill.
    pub fn keys(&self) -> &'static [&'static str] {
        match self {
            Certificate::Authority { .. } => &[
                CERTIFICATE,
                PRIVATE_KEY,
                TRUSTED,
                NEXT_CERTIFICATE,
                NEXT_PRIVATE_KEY,
            ],
            Certificate::Leaf { .. } => &[CERTIFICATE, PRIVATE_KEY],
        }
    }

    /// The keys that are there from the beginning.
    pub fn first_keys(&self) -> &'static [&'static str] {
        match self {
            Certificate::Authority { .. } => &[CERTIFICATE, PRIVATE_KEY, TRUSTED],
            Certificate::Leaf { .. } => self.keys(),
        }
    }

    /// The keys whose values move when this is made.
    pub fn moved_by(&self, making: Making) -> &'static [&'static str] {
        match (self, making) {
            (Certificate::Leaf { .. }, _) | (Certificate::Authority { .. }, Making::Promote) => {
                self.keys()
            }
            (Certificate::Authority { .. }, Making::Whole) => self.first_keys(),
            (Certificate::Authority { .. }, Making::Introduce) => {
                &[NEXT_CERTIFICATE, NEXT_PRIVATE_KEY, TRUSTED]
            }
            (Certificate::Authority { .. }, Making::Retire) => &[TRUSTED],
        }
    }
}

impl fmt::Display for Certificate {
    /// The recipe in words, as a plan shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.validity().valid_days;
        match self {
            Certificate::Authority { name, .. } => {
                write!(f, "make the authority `{name}`, {days} days")
            }
            Certificate::Leaf {
                authority, names, ..
            } => {
                write!(f, "make a certificate")?;
                if let Some(first) = names.first() {
                    write!(f, " for {first}")?;
                }
                match names.len() {
                    0 | 1 => {}
                    2 => write!(f, " and 1 more name")?,
                    count => write!(f, " and {} more names", count - 1)?,
                }
                write!(f, ", {days} days, signed by {authority}")
            }
        }
    }
}

impl fmt::Display for Making {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Making::Whole => "made anew",
            Making::Introduce => "a successor, trusted beside it",
            Making::Promote => "its successor signs from now on",
            Making::Retire => "without what has expired",
        })
    }
}
