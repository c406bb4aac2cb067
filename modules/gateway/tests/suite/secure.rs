//! Between two gateways: TLS, with both sides known to each other.

use gateway::settings::{
    Authorities, Certificate, ClientTls, ExporterKind, Http2, Pem, Secret, ServerTls, TlsVersion,
    WireCompression,
};
use rcgen::{CertificateParams, KeyPair};

use crate::{
    program::running::File,
    support::{
        BOTH, Backend, Running, TRACES, call, client_tls, over_grpc, pem, settings_on, spans,
    },
};

/// A certificate that is its own authority.
fn identity() -> (String, Certificate) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let certificate = pem("CERTIFICATE", certificate.der());
    let text = |text: String| Pem::Text(Secret::new(text));
    let identity = Certificate {
        chain: text(certificate.clone()),
        key: text(pem("PRIVATE KEY", &key.serialize_der())),
    };
    (certificate, identity)
}

async fn through(http2: Http2, client: impl Fn(&str) -> ClientTls, known: &str) -> usize {
    let (backend, address) = Backend::start().await;
    let (authority, identity) = identity();
    let file = File::new(known);
    let mut second = settings_on(http2, over_grpc(address, WireCompression::None));
    for receiver in second.receivers.values_mut() {
        receiver.grpc.as_mut().unwrap().tls = Some(ServerTls {
            certificate: identity.clone(),
            client_authority: (!known.is_empty()).then(|| file.path().into()),
            client_authority_reload: false,
            reload_interval: None,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
        });
    }
    let second = Running::start(&second);
    let mut kind = over_grpc(second.grpc, WireCompression::None);
    if let ExporterKind::OtlpGrpc(grpc) = &mut kind {
        grpc.tls = Some(client(&authority));
    }
    let first = Running::start(&settings_on(http2, kind));
    assert_eq!(call(first.grpc, TRACES, &spans(1)).await.code, "0");
    first
        .stop_within(std::time::Duration::from_millis(500))
        .await;
    second.stop().await;
    backend.got().len()
}

fn only(authority: &str) -> ClientTls {
    client_tls(Authorities::Only(Pem::Text(Secret::new(authority))))
}

#[tokio::test]
async fn who_is_known_is_talked_to() {
    let anyone = |_: &str| client_tls(Authorities::Anyone);
    let another = |_: &str| only(&identity().0);
    for http2 in BOTH {
        assert_eq!(through(http2, only, "").await, 1);
        assert_eq!(through(http2, anyone, "").await, 1);
        assert_eq!(through(http2, another, "").await, 0, "another authority");
    }
}

#[tokio::test]
async fn a_client_has_to_show_its_certificate_where_one_is_asked_for() {
    let (known, own) = identity();
    let with = |own: Certificate| {
        move |authority: &str| ClientTls {
            certificate: Some(own.clone()),
            ..only(authority)
        }
    };
    let unknown = with(identity().1);
    for http2 in BOTH {
        assert_eq!(through(http2, only, &known).await, 0, "none is shown");
        assert_eq!(through(http2, &unknown, &known).await, 0, "an unknown one");
        assert_eq!(through(http2, with(own.clone()), &known).await, 1);
    }
}
