//! TLS of the real program: certificates that change while it runs, and clients that have to show one.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::json;

use super::running::{Running, ask, free, receiving, until};
use crate::support::{Folder, pem};

/// A certificate that is its own authority.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().der().clone(),
            key: key.serialize_der(),
        }
    }

    pub(crate) fn write(&self, folder: &Folder) {
        folder.write("certificate.pem", &pem("CERTIFICATE", &self.certificate));
        folder.write("key.pem", &pem("PRIVATE KEY", &self.key));
    }

    /// One who knows this one alone, and shows `own`.
    pub(crate) fn known_to(&self, own: Option<&Self>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.key.clone()));
                let chain = vec![own.certificate.clone()];
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        })
    }
}

/// A program that listens with TLS, and reads its files again for each connection.
fn start(folder: &Folder, clients: Option<&Path>) -> (Running, SocketAddr) {
    let address = free();
    let mut tls = json!({
        "cert_file": folder.file("certificate.pem"),
        "key_file": folder.file("key.pem"),
        "reload_interval": "1ms",
    });
    if let Some(clients) = clients {
        tls["client_ca_file"] = json!(clients);
    }
    let config = receiving(&json!({ "http": { "endpoint": address, "tls": tls } }));
    let running = Running::start(&config);
    running.listens(address);
    (running, address)
}

type Secured = StreamOwned<ClientConnection, TcpStream>;

fn connect(to: SocketAddr, as_who: &Arc<ClientConfig>) -> io::Result<Secured> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let name = "127.0.0.1".try_into().unwrap();
    let mut session = ClientConnection::new(Arc::clone(as_who), name).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(session, stream))
}

/// Sends a request on a connection: the first line of the answer.
fn request(on: &mut Secured) -> io::Result<String> {
    let body = r#"{"resourceSpans":[]}"#;
    let length = body.len();
    write!(
        on,
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n{}") {
        let mut bytes = [0; 1024];
        let read = on.read(&mut bytes)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&bytes[..read]);
    }
    let answer = String::from_utf8(answer).unwrap();
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

fn once(to: SocketAddr, as_who: &Arc<ClientConfig>) -> io::Result<String> {
    request(&mut connect(to, as_who)?)
}

/// Waits until its log says so.
fn says(running: &Running, what: &str) {
    until(what, || Some(running.log()), |log| log.contains(what));
}

const TAKEN: &str = "HTTP/1.1 200 OK";

#[test]
fn a_new_certificate_is_shown_to_who_comes_and_who_is_there_stays() {
    let folder = Folder::new();
    let (old, new) = (Identity::new(), Identity::new());
    old.write(&folder);
    let (running, address) = start(&folder, None);
    let (knows_old, knows_new) = (old.known_to(None), new.known_to(None));
    let mut open = connect(address, &knows_old).unwrap();
    assert_eq!(request(&mut open).unwrap(), TAKEN);
    assert!(once(address, &knows_new).is_err(), "it is not there yet");

    // Between the two files one does not fit the other: the old ones go on.
    folder.write("key.pem", &pem("PRIVATE KEY", &new.key));
    assert_eq!(once(address, &knows_old).unwrap(), TAKEN);
    says(
        &running,
        "could not read certificates again: the old ones stay",
    );
    new.write(&folder);
    assert_eq!(once(address, &knows_new).unwrap(), TAKEN);
    assert!(once(address, &knows_old).is_err(), "the old one is shown");
    assert_eq!(request(&mut open).unwrap(), TAKEN, "who is there stays");

    folder.write("certificate.pem", "no certificate");
    assert_eq!(
        once(address, &knows_new).unwrap(),
        TAKEN,
        "the last good one"
    );
    fs::remove_file(folder.file("key.pem")).unwrap();
    assert_eq!(
        once(address, &knows_new).unwrap(),
        TAKEN,
        "the last good one"
    );
    assert_eq!(request(&mut open).unwrap(), TAKEN, "who is there stays");
}

#[test]
fn a_server_shows_a_certificate_that_stands_in_the_configuration() {
    let (server, address) = (Identity::new(), free());
    let certificate = pem("CERTIFICATE", &server.certificate);
    let tls = json!({
        "cert_pem": certificate,
        "key_pem": pem("PRIVATE KEY", &server.key),
        "ca_pem": certificate,
    });
    let config = receiving(&json!({ "http": { "endpoint": address, "tls": tls } }));
    let running = Running::start(&config);
    running.listens(address);
    assert_eq!(once(address, &server.known_to(None)).unwrap(), TAKEN);
    let shown = ask(&["print-config", "--config", config.path()]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}

#[test]
fn who_shows_no_certificate_that_is_known_is_not_let_in() {
    let folder = Folder::new();
    let (server, client, stranger) = (Identity::new(), Identity::new(), Identity::new());
    server.write(&folder);
    folder.write("clients.pem", &pem("CERTIFICATE", &client.certificate));
    let (running, address) = start(&folder, Some(&folder.file("clients.pem")));
    for _ in 0..3 {
        let known = once(address, &server.known_to(Some(&client)));
        assert_eq!(known.unwrap(), TAKEN);
        for (who, whose) in [("nobody", None), ("a stranger", Some(&stranger))] {
            let refused = once(address, &server.known_to(whose)).unwrap_err();
            // Whether there was time to hear why before it was shut, or not.
            let shut = [
                io::ErrorKind::InvalidData,
                io::ErrorKind::UnexpectedEof,
                io::ErrorKind::ConnectionReset,
                io::ErrorKind::BrokenPipe,
            ];
            assert!(shut.contains(&refused.kind()), "{who}: {refused}");
        }
    }
    says(&running, "could not speak TLS with a client");
    // Nor is plain HTTP.
    let plain = super::running::post(address, "POST /v1/traces HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(!plain.is_some_and(|answer| answer.starts_with("HTTP")));

    // Whoever is not known any more is not let in any more.
    folder.write("clients.pem", &pem("CERTIFICATE", &stranger.certificate));
    let since = Instant::now();
    while once(address, &server.known_to(Some(&stranger)))
        .ok()
        .as_deref()
        != Some(TAKEN)
    {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "the new file is not read"
        );
        sleep(Duration::from_millis(20));
    }
    assert!(once(address, &server.known_to(Some(&client))).is_err());
}
