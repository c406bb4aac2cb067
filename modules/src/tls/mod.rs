//! TLS between all parts of a stack: one switch, said first.
//!
//! Every program that takes traffic asks here for a certificate, every one that sends for whom to trust. Where the
//! switch is off, both get nothing, and everything is spoken in the open.
//!
//! ```text
//! /etc/otelier/tls/tls.crt, tls.key    the program's own certificate, for the names of its Services
//! /etc/otelier/trust/ca.crt            whom it trusts
//! ```
//!
//! Files change in place when a certificate is renewed. Programs that read them only at their start are restarted
//! by the same `up` (see [`Reads`]).

use collector_config::{
    Duration,
    components::connection::{ClientTls, ServerTls},
};
use provider_core::{
    Destination, Finding, GeneratedAuthority, Module, Ref, Scope, Security, Validity,
    k8s_openapi::api::core::v1::Secret,
};

mod cert_manager;
mod half;
mod serve;
mod web;
mod webhook;

pub use cert_manager::Issuer;
pub(crate) use cert_manager::cluster_issuer;
pub(crate) use half::{in_the_open, in_the_open_at, trusts};
pub(crate) use serve::{Reads, Served, serve, trust, trusted_in};
pub use web::TlsConfig;
pub(crate) use web::{mesh_config, probe_securely, web_config};
pub(crate) use webhook::{Voucher, certify_webhook};

/// Where a program finds its own certificate and its key.
pub(crate) const CERTIFICATE_FILE: &str = "/etc/otelier/tls/tls.crt";
/// Where it finds the key.
pub(crate) const KEY_FILE: &str = "/etc/otelier/tls/tls.key";
/// Where it finds whom it trusts.
pub(crate) const TRUST_FILE: &str = "/etc/otelier/trust/ca.crt";

/// TLS for all that a stack's programs say to each other.
///
/// ```
/// use modules::{Collector, JaegerInMemory, Tls, traces};
/// use provider_core::Scope;
///
/// fn shop(stack: &mut Scope<'_>) {
///     stack.add(Tls::generated());
///     let jaeger = stack.add(JaegerInMemory::new("jaeger"));
///     stack.add(Collector::gateway("otlp").pipeline(traces().export(&jaeger.otlp)));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    signer: Signer,
    security: Security,
    leaf: Validity,
}

/// Who signs, as it is asked for.
#[derive(Clone, Debug)]
enum Signer {
    Generated { authority: Validity, overlap: u32 },
    CertManager(Issuer),
}

/// What a definition has chosen, for whoever needs a certificate.
#[derive(Clone, Debug)]
struct Chosen {
    security: Security,
    leaf: Validity,
    source: CertificateSource,
}

/// Where certificates come from.
#[derive(Clone, Debug)]
enum CertificateSource {
    /// This engine makes them.
    Generated(Ref<Secret>),
    /// cert-manager makes them.
    CertManager(Issuer),
}

/// A module has asked whether there is TLS.
#[derive(Clone, Copy, Debug)]
struct Asked;

impl Tls {
    fn by(signer: Signer) -> Self {
        Self {
            signer,
            security: Security::Tls,
            leaf: Validity {
                valid_days: 90,
                renewed_days_before: 30,
            },
        }
    }

    /// With an authority of the stack's own, which `up` makes, keeps in a Secret, and exchanges before its end.
    pub fn generated() -> Self {
        Self::by(Signer::Generated {
            authority: Validity {
                valid_days: 5 * 365,
                renewed_days_before: 365,
            },
            overlap: 7,
        })
    }

    /// With certificates that cert-manager makes and renews, which has to be in the cluster.
    pub fn cert_manager(issuer: Issuer) -> Self {
        Self::by(Signer::CertManager(issuer))
    }

    /// Collectors take data only from whoever has a certificate of the same authority.
    #[must_use]
    pub fn mutual(mut self) -> Self {
        self.security = Security::MutualTls;
        self
    }

    /// How long certificates last, and how long before their end they are made anew.
    #[must_use]
    pub fn validity(mut self, validity: Validity) -> Self {
        self.leaf = validity;
        self
    }
}

impl Module for Tls {
    type Outputs = ();

    fn build(self, scope: &mut Scope<'_>) {
        if !scope.announced::<Asked>().is_empty() {
            let message = "TLS is asked for after a module has been added that would have used it";
            let finding = Finding::new("tls-too-late", message);
            scope.finding(finding.hint("say it first in the definition"));
        }
        if chosen(scope).is_some() {
            let message = "TLS is asked for twice";
            scope.finding(Finding::new("tls-twice", message));
            return;
        }
        let source = match self.signer {
            Signer::Generated { authority, overlap } => {
                let name = format!("{}-authority", scope.stack());
                let authority = GeneratedAuthority::new(name).validity(authority);
                CertificateSource::Generated(scope.add(authority.overlap(overlap)))
            }
            Signer::CertManager(issuer) => {
                issuer.prepare(scope);
                CertificateSource::CertManager(issuer)
            }
        };
        scope.announce(Chosen {
            security: self.security,
            leaf: self.leaf,
            source,
        });
        // After all others that wait for the end: who measures everything connects there.
        scope.at_end(|scope| scope.at_end(half::check));
    }
}

/// What the definition has chosen.
fn chosen(scope: &Scope<'_>) -> Option<Chosen> {
    scope.announced::<Chosen>().pop()
}

/// The same for a module, after which nothing can be chosen any more.
fn ask(scope: &mut Scope<'_>) -> Option<Chosen> {
    let chosen = chosen(scope);
    if chosen.is_none() {
        scope.announce(Asked);
    }
    chosen
}

/// How traffic between programs that are no collectors is kept from others.
pub(crate) fn security(scope: &mut Scope<'_>) -> Security {
    match ask(scope).map(|chosen| chosen.security) {
        Some(Security::Tls | Security::MutualTls) => Security::Tls,
        Some(Security::Plain) | None => Security::Plain,
    }
}

/// How traffic to collectors is kept from others.
pub(crate) fn collector_security(scope: &mut Scope<'_>) -> Security {
    ask(scope).map_or(Security::Plain, |chosen| chosen.security)
}

/// How often collectors read their own certificate again.
const RELOAD: Duration = Duration::minutes(10);

/// How a collector calls.
pub(crate) fn calls(to: &Destination) -> ClientTls {
    match (to, to.security()) {
        (_, Security::Plain) => ClientTls::none(),
        // Whom the image trusts.
        (Destination::Outside { .. } | Destination::KubernetesApi, _) => ClientTls::default(),
        (Destination::Service(_), security) => {
            let own = |file: &str| (security == Security::MutualTls).then(|| file.to_owned());
            ClientTls {
                ca_file: Some(TRUST_FILE.to_owned()),
                cert_file: own(CERTIFICATE_FILE),
                key_file: own(KEY_FILE),
                reload_interval: (security == Security::MutualTls).then_some(RELOAD),
                ..ClientTls::default()
            }
        }
    }
}

/// How a collector is called.
pub(crate) fn is_called(security: Security) -> Option<ServerTls> {
    (security != Security::Plain).then(|| ServerTls {
        cert_file: Some(CERTIFICATE_FILE.to_owned()),
        key_file: Some(KEY_FILE.to_owned()),
        client_ca_file: (security == Security::MutualTls).then(|| TRUST_FILE.to_owned()),
        reload_interval: Some(RELOAD),
        ..ServerTls::default()
    })
}
