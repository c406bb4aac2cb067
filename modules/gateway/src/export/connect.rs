//! How does an exporter reach its destination?

use std::{fmt, fs, io, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;

use super::MakeError;
use crate::{
    receive::{TlsError, authorities, certificate, versions},
    settings::{Authorities, ClientTls, Pem},
};

/// Where systems keep the authorities that they believe.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a destination is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At `host:port`.
    Tcp(String),
    /// At a socket of this path.
    Unix(PathBuf),
}

/// How it is reached.
pub(super) struct Door {
    pub(super) place: Place,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Place {
    /// The host alone, without its port.
    fn host(&self) -> &str {
        match self {
            Self::Tcp(address) => {
                let host = address
                    .rsplit_once(':')
                    .map_or(&**address, |(host, _)| host);
                host.trim_start_matches('[').trim_end_matches(']')
            }
            Self::Unix(_) => "localhost",
        }
    }
}

impl Door {
    /// The way to a place.
    pub(super) fn new(
        place: Place,
        tls: Option<&ClientTls>,
        protocols: &[&[u8]],
    ) -> Result<Self, MakeError> {
        let tls = match tls {
            None => None,
            Some(tls) => {
                let config = config(tls, protocols).map_err(MakeError::Tls)?;
                let name = tls
                    .server_name
                    .as_deref()
                    .unwrap_or(place.host())
                    .to_owned();
                let name =
                    ServerName::try_from(name.clone()).map_err(|_| MakeError::Endpoint(name))?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        Ok(Self { place, tls })
    }

    /// Goes there.
    pub(super) async fn open(&self) -> io::Result<Box<dyn Stream>> {
        let plain: Box<dyn Stream> = match &self.place {
            Place::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Place::Unix(path) => Box::new(UnixStream::connect(path).await?),
        };
        Ok(match &self.tls {
            None => plain,
            Some((tls, name)) => Box::new(tls.connect(name.clone(), plain).await?),
        })
    }
}

fn config(tls: &ClientTls, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(tls.min_version, tls.max_version))?;
    let builder = match &tls.authorities {
        Authorities::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(provider))),
        Authorities::System => builder.with_root_certificates(system()),
        Authorities::Only(pem) => builder.with_root_certificates(authorities(pem)?),
        Authorities::And(pem) => {
            let mut roots = system();
            roots.extend(authorities(pem)?.roots);
            builder.with_root_certificates(roots)
        }
    };
    let mut config = match &tls.certificate {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = certificate(own)?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// What the system believes: none, where it keeps none.
fn system() -> RootCertStore {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let known = SYSTEM.iter().map(PathBuf::from);
    let file = named
        .into_iter()
        .chain(known)
        .find(|path| fs::exists(path).unwrap_or(false));
    file.and_then(|path| authorities(&Pem::File(path)).ok())
        .unwrap_or_else(RootCertStore::empty)
}

/// Believes every certificate, as the configuration asked for by name.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
