//! How does an exporter reach its destination?

use std::{
    fmt, fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, client::WantsClientCert,
    crypto::CryptoProvider, pki_types::ServerName,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::sleep,
};
use tokio_rustls::TlsConnector;

use super::{MakeError, believe::Believing};
use crate::{
    receive::{TlsError, authorities, certificate, not_renewed, versions},
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
    tls: Option<Tls>,
    /// Whether it is tried until somebody is there, for as long as whoever wants to go has the time.
    patient: bool,
}

/// How it is made sure who is there. Files are read again from time to time, and what cannot be read then changes
/// nothing.
struct Tls {
    settings: ClientTls,
    protocols: Vec<Vec<u8>>,
    name: ServerName<'static>,
    current: Mutex<(TlsConnector, Instant)>,
}

/// How long it is waited before it is tried again.
const AGAIN: Duration = Duration::from_millis(100);

impl Tls {
    fn new(settings: &ClientTls, host: &str, protocols: &[&[u8]]) -> Result<Self, MakeError> {
        let name = settings.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name.clone()).map_err(|_| MakeError::Endpoint(name))?;
        let protocols: Vec<_> = protocols.iter().map(|name| name.to_vec()).collect();
        let config = config(settings, &protocols).map_err(MakeError::Tls)?;
        Ok(Self {
            settings: settings.clone(),
            protocols,
            name,
            current: Mutex::new((TlsConnector::from(Arc::new(config)), Instant::now())),
        })
    }

    /// What makes the next connection secure.
    fn connector(&self) -> TlsConnector {
        // Whoever panicked in here had not begun to write.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = self.settings.reload_interval;
        if interval.is_some_and(|interval| current.1.elapsed() >= interval) {
            current.1 = Instant::now();
            match config(&self.settings, &self.protocols) {
                Ok(config) => current.0 = TlsConnector::from(Arc::new(config)),
                Err(error) => not_renewed(&error),
            }
        }
        current.0.clone()
    }
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
        let tls = tls
            .map(|tls| Tls::new(tls, place.host(), protocols))
            .transpose()?;
        Ok(Self {
            place,
            tls,
            patient: false,
        })
    }

    /// The same, where it is waited for who is not there yet, or not.
    pub(super) fn patient(self, patient: bool) -> Self {
        Self { patient, ..self }
    }

    /// Goes there.
    pub(super) async fn open(&self) -> io::Result<Box<dyn Stream>> {
        loop {
            match self.try_open().await {
                Err(_) if self.patient => sleep(AGAIN).await,
                result => return result,
            }
        }
    }

    async fn try_open(&self) -> io::Result<Box<dyn Stream>> {
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
            Some(tls) => {
                let secured = tls.connector().connect(tls.name.clone(), plain).await;
                Box::new(secured.map_err(no_tls)?)
            }
        })
    }
}

/// What answers with something else than TLS most likely speaks none.
fn no_tls(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => io::Error::new(
            error.kind(),
            format!("it seems to speak no TLS (`tls: {{insecure: true}}` is for that): {error}"),
        ),
        _ => error,
    }
}

fn config(tls: &ClientTls, protocols: &[Vec<u8>]) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(tls.min_version, tls.max_version))?;
    let builder = match &tls.authorities {
        Authorities::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Believing::anyone(provider))),
        Authorities::System => builder.with_root_certificates(system()),
        Authorities::Only(pem) => believing(builder, RootCertStore::empty(), pem, provider)?,
        Authorities::And(pem) => believing(builder, system(), pem, provider)?,
    };
    let mut config = match &tls.certificate {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = certificate(own)?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = protocols.to_vec();
    Ok(config)
}

/// Believes these authorities, beside those that are believed already.
fn believing(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    mut roots: RootCertStore,
    pem: &Pem,
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let named = authorities(pem)?;
    for authority in &named {
        roots.add(authority.clone())?;
    }
    let known = Believing::known(roots, named, provider)?;
    let builder = builder.dangerous();
    Ok(builder.with_custom_certificate_verifier(Arc::new(known)))
}

/// What the system believes: none, where it keeps none.
fn system() -> RootCertStore {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let known = SYSTEM.iter().map(PathBuf::from);
    let file = named
        .into_iter()
        .chain(known)
        .find(|path| fs::exists(path).unwrap_or(false));
    let mut roots = RootCertStore::empty();
    let found = file.and_then(|path| authorities(&Pem::File(path)).ok());
    // One of many that cannot be used is no reason to believe none.
    roots.add_parsable_certificates(found.unwrap_or_default());
    roots
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::settings::{Secret, TlsVersion};

    /// A server with a certificate of its own: where it is, and that certificate.
    async fn server() -> (String, String) {
        server_that_is(IsCa::NoCa, "localhost").await
    }

    async fn server_that_is(what: IsCa, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = what;
        let cert = params.self_signed(&key).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        let text = base64::engine::general_purpose::STANDARD.encode(cert.der());
        let mark = |word| format!("-----{word} CERTIFICATE-----");
        (address, [mark("BEGIN"), text, mark("END")].join("\n"))
    }

    fn believing(authority: &str) -> ClientTls {
        ClientTls {
            authorities: Authorities::Only(Pem::Text(Secret::new(authority))),
            certificate: None,
            server_name: Some("localhost".to_owned()),
            reload_interval: None,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
        }
    }

    #[tokio::test]
    async fn a_server_that_is_its_own_authority_is_believed_where_it_is_named_as_one() {
        let authority = || IsCa::Ca(BasicConstraints::Unconstrained);
        let (address, named) = server_that_is(authority(), "localhost").await;
        let (elsewhere, of_another_name) = server_that_is(authority(), "elsewhere").await;
        for (to, believed, opens) in [
            (&address, &named, true),
            (&address, &of_another_name, false),
            (&elsewhere, &of_another_name, false),
        ] {
            let place = Place::Tcp(to.clone());
            let door = Door::new(place, Some(&believing(believed)), &[b"h2"]).unwrap();
            let opened = door.open().await.map(drop);
            assert_eq!(opened.is_ok(), opens, "{opened:?}");
        }
    }

    #[tokio::test]
    async fn whoever_asks_for_tls_where_none_is_spoken_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Place::Tcp(listener.local_addr().unwrap().to_string());
        let (_, named) = server().await;
        let door = Door::new(place, Some(&believing(&named)), &[b"h2"]).unwrap();
        let (opened, ()) = tokio::join!(door.open(), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await.unwrap();
        });
        let error = opened.map(drop).unwrap_err().to_string();
        assert!(error.contains("`tls: {insecure: true}`"), "{error}");
    }

    #[tokio::test]
    async fn an_authority_that_is_replaced_is_believed_without_a_restart() {
        let ((address, right), (_, wrong)) = (server().await, server().await);
        let file = std::env::temp_dir().join(format!("gateway-authority-{}", std::process::id()));
        fs::write(&file, wrong).unwrap();
        let settings = |reload| ClientTls {
            authorities: Authorities::Only(Pem::File(file.clone())),
            certificate: None,
            server_name: Some("localhost".to_owned()),
            reload_interval: reload,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
        };
        let door = |settings: &ClientTls| {
            Door::new(Place::Tcp(address.clone()), Some(settings), &[b"h2"]).unwrap()
        };
        let (once, again) = (settings(None), settings(Some(Duration::ZERO)));
        let (once, again) = (door(&once), door(&again));
        assert!(again.open().await.is_err(), "nobody knows this server");
        fs::write(&file, "half a file").unwrap();
        assert!(
            again.open().await.is_err(),
            "what cannot be read changes nothing"
        );
        fs::write(&file, right).unwrap();
        assert!(again.open().await.is_ok());
        assert!(
            once.open().await.is_err(),
            "nobody asked for it to be read again"
        );
        fs::remove_file(file).unwrap();
    }

    #[tokio::test]
    async fn who_is_patient_waits_until_somebody_is_there() {
        // On an address of its own, so that nobody else is given the port meanwhile.
        let free = TcpListener::bind("127.0.9.1:0").await.unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let door = || Door::new(Place::Tcp(address.to_string()), None, &[]).unwrap();
        assert!(door().open().await.is_err());
        let patient = door().patient(true);
        let (opened, _listener) = tokio::join!(patient.open(), async {
            sleep(AGAIN).await;
            TcpListener::bind(address).await.unwrap()
        });
        assert!(opened.is_ok());
    }
}
