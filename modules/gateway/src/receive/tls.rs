//! Who is the server, and who may its clients be?

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    server::WebPkiClientVerifier,
};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::settings::{Certificate, Pem, ServerTls, TlsVersion};

/// How often a file that should be watched is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Why TLS cannot be spoken.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("could not read {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// What was read is no PEM, or not the right one.
    #[error("could not find {what} in {place}")]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        place: String,
        /// What is wrong.
        source: pem::Error,
    },
    /// Certificate, key and versions do not go together.
    #[error("could not set up TLS")]
    Tls(#[from] rustls::Error),
    /// The authority of the other side is none.
    #[error("could not set up the check of certificates")]
    Clients(#[from] rustls::server::VerifierBuilderError),
}

/// TLS of a server. Its files are read again from time to time, and what cannot be read then changes nothing.
pub struct Tls {
    settings: ServerTls,
    protocols: Vec<Vec<u8>>,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    read: Instant,
    looked: Instant,
    authority: Option<SystemTime>,
}

impl Tls {
    /// Reads everything for the first time; nothing, if there are no settings.
    pub(super) fn new(
        settings: Option<&ServerTls>,
        protocols: &[&[u8]],
    ) -> Result<Option<Self>, TlsError> {
        let Some(settings) = settings else {
            return Ok(None);
        };
        let protocols: Vec<_> = protocols.iter().map(|name| name.to_vec()).collect();
        let now = Instant::now();
        let current = Current {
            config: config(settings, &protocols)?,
            read: now,
            looked: now,
            authority: changed(settings),
        };
        Ok(Some(Self {
            settings: settings.clone(),
            protocols,
            current: Mutex::new(current),
        }))
    }

    /// What makes the next connection secure.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        // Whoever panicked in here had not begun to write.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stale(&mut current) {
            current.read = Instant::now();
            match config(&self.settings, &self.protocols) {
                Ok(config) => {
                    current.config = config;
                    current.authority = changed(&self.settings);
                }
                Err(error) => not_renewed(&error),
            }
        }
        TlsAcceptor::from(Arc::clone(&current.config))
    }

    fn is_stale(&self, current: &mut Current) -> bool {
        let interval = self.settings.reload_interval;
        if interval.is_some_and(|interval| current.read.elapsed() >= interval) {
            return true;
        }
        if !self.settings.client_authority_reload || current.looked.elapsed() < LOOK {
            return false;
        }
        current.looked = Instant::now();
        changed(&self.settings) != current.authority
    }
}

/// Says that new files cannot be used, so that it is heard before the old ones end.
pub(crate) fn not_renewed(error: &TlsError) {
    let error = error_reporter::Report::new(error).to_string();
    tracing::warn!(
        error,
        "could not read certificates again: the old ones stay"
    );
}

/// When the file of the clients' authority was last written.
fn changed(settings: &ServerTls) -> Option<SystemTime> {
    let path = settings.client_authority.as_ref()?;
    fs::metadata(path).ok()?.modified().ok()
}

fn config(settings: &ServerTls, protocols: &[Vec<u8>]) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(settings.min_version, settings.max_version))?;
    let builder = match &settings.client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities(&Pem::File(path.clone()))? {
                roots.add(authority)?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, key) = certificate(&settings.certificate)?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = protocols.to_vec();
    Ok(Arc::new(config))
}

/// The versions from one to another.
pub(crate) fn versions(min: TlsVersion, max: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    let all = [
        (TlsVersion::Tls13, &rustls::version::TLS13),
        (TlsVersion::Tls12, &rustls::version::TLS12),
    ];
    let spoken = all
        .into_iter()
        .filter(|(version, _)| (min..=max).contains(version));
    spoken.map(|(_, version)| version).collect()
}

/// A certificate with those that lead to its authority, and its key.
pub(crate) fn certificate(
    certificate: &Certificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let (chain, place) = text(&certificate.chain)?;
    let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|source| TlsError::Pem {
        what: "a certificate",
        place,
        source,
    })?;
    let (key, place) = text(&certificate.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|source| TlsError::Pem {
        what: "a key",
        place,
        source,
    })?;
    Ok((chain, key))
}

/// The authorities that something names.
pub(crate) fn authorities(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let (bytes, place) = text(pem)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>();
    found.map_err(|source| TlsError::Pem {
        what: "a certificate authority",
        place,
        source,
    })
}

/// The text of a PEM and where it stands.
fn text(pem: &Pem) -> Result<(Vec<u8>, String), TlsError> {
    match pem {
        Pem::Text(text) => Ok((text.reveal().as_bytes().to_vec(), "the settings".to_owned())),
        Pem::File(path) => Ok((read(path)?, path.display().to_string())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File(path.to_owned(), error))
}
