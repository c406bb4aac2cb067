//! What was made is believed by those who speak TLS: the certificate, its names, and who signed it.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Secret;
use provider::{GeneratedAuthority, GeneratedCertificate, Kind, Network, Scope};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::WebPkiClientVerifier,
};
use support::{World, story};

fn two_programs(stack: &mut Scope<'_>) {
    stack.network(Network::Open);
    let authority = stack.add(GeneratedAuthority::new("authority"));
    let server = GeneratedCertificate::new("server", &authority);
    stack.add(
        server
            .name("api.shop.svc")
            .name("*.api.shop.svc")
            .name("10.0.0.7"),
    );
    stack.add(GeneratedCertificate::new("client", &authority).name("client"));
    let other = stack.add(GeneratedAuthority::new("other"));
    stack.add(GeneratedCertificate::new("stranger", &other).name("api.shop.svc"));
}

/// What a Secret holds, as a program reads it from its files.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    async fn of(world: &World, name: &str) -> Self {
        let secret = world.get(&Kind::of::<Secret>(), name).await.unwrap();
        let data: BTreeMap<String, String> =
            serde_json::from_value(secret["data"].clone()).unwrap();
        let decoded = data.into_iter();
        Self(
            decoded
                .map(|(key, value)| (key, STANDARD.decode(value).unwrap()))
                .collect(),
        )
    }

    fn certificates(&self, key: &str) -> Vec<CertificateDer<'static>> {
        let all: Result<_, _> = CertificateDer::pem_slice_iter(&self.0[key]).collect();
        all.unwrap()
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(&self.0["tls.key"]).unwrap()
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates("ca.crt") {
            roots.add(certificate).unwrap();
        }
        Arc::new(roots)
    }

    /// A server that asks its callers who they are.
    fn server(&self) -> ServerConnection {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let asks = WebPkiClientVerifier::builder_with_provider(self.roots(), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(asks.build().unwrap())
            .with_single_cert(self.certificates("tls.crt"), self.key())
            .unwrap();
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    /// A client of whoever has that name.
    fn client(&self, of: &str) -> ClientConnection {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots())
            .with_client_auth_cert(self.certificates("tls.crt"), self.key())
            .unwrap();
        let name = ServerName::try_from(of.to_owned()).unwrap();
        ClientConnection::new(Arc::new(config), name).unwrap()
    }
}

/// Both sides, until they agree or one of them says why not.
fn shake(mut client: ClientConnection, mut server: ServerConnection) -> Result<(), String> {
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        wire.clear();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server
            .process_new_packets()
            .map_err(|error| format!("the server: {error}"))?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client
            .process_new_packets()
            .map_err(|error| format!("the client: {error}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn those_whom_one_authority_signed_believe_each_other_and_no_stranger() {
    story("handshake", two_programs, async |world| {
        world.applied().await;
        let server = Files::of(&world, "server").await;
        let client = Files::of(&world, "client").await;
        for name in ["api.shop.svc", "api-0.api.shop.svc", "10.0.0.7"] {
            assert_eq!(
                shake(client.client(name), server.server()),
                Ok(()),
                "{name}"
            );
        }
        let wrong = shake(client.client("www.shop.svc"), server.server()).unwrap_err();
        assert!(
            wrong.starts_with("the client: invalid peer certificate"),
            "{wrong}"
        );
        let stranger = Files::of(&world, "stranger").await;
        let refused = shake(client.client("api.shop.svc"), stranger.server()).unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
        let refused = shake(stranger.client("api.shop.svc"), server.server()).unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
    })
    .await;
}
