//! Who speaks TLS, whom do they trust, and as whom?

use std::{collections::BTreeMap, net::TcpStream, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    client::verify_server_name,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};
use support::ask_over;

/// A program that sends over TLS.
pub(super) struct Caller(Arc<ClientConfig>);

/// The files of a Secret with a certificate.
pub(super) type Files = BTreeMap<String, String>;

impl Caller {
    /// Who trusts whom a Secret trusts, and says that they are whose Secret `own` is.
    pub(super) fn new(trusts: &Files, own: Option<&Files>) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&trusts["ca.crt"]) {
            roots.add(certificate).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => config.with_no_client_auth(),
            Some(files) => {
                let key = PrivateKeyDer::from_pem_slice(files["tls.key"].as_bytes()).unwrap();
                let own = certificates(&files["tls.crt"]);
                config.with_client_auth_cert(own, key).unwrap()
            }
        };
        Self(Arc::new(config))
    }

    /// Sends something to whoever lives at an address and should have that name.
    pub(super) fn post(
        &self,
        address: &str,
        name: &str,
        path: &str,
        body: &str,
    ) -> Result<(), String> {
        let server = ServerName::try_from(name.to_owned()).unwrap();
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let tls = ClientConnection::new(Arc::clone(&self.0), server).unwrap();
        let answer = ask_over(StreamOwned::new(tls, stream), "POST", path, body);
        answer.map(drop).map_err(|error| error.to_string())
    }
}

/// Whether the certificate of a Secret is good for a name.
pub(super) fn is_for(files: &Files, name: &str) -> bool {
    let server = ServerName::try_from(name.to_owned()).unwrap();
    let certificates = certificates(&files["tls.crt"]);
    let parsed = ParsedCertificate::try_from(&certificates[0]).unwrap();
    verify_server_name(&parsed, &server).is_ok()
}

fn certificates(text: &str) -> Vec<CertificateDer<'static>> {
    let all: Result<_, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    all.unwrap()
}
