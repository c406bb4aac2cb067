//! Whose certificate does an exporter believe, where the usual rules do not say it?

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{ParsedCertificate, VerifierBuilderError},
};

/// Believes a server by its certificate, beside the usual rules. What a server signs has to be right in any case.
#[derive(Debug)]
pub(super) struct Believing {
    provider: Arc<CryptoProvider>,
    whom: Whom,
}

#[derive(Debug)]
enum Whom {
    /// Everybody, as the configuration asked for by name.
    Anyone,
    /// Whom an authority vouches for, and a server that shows the very certificate of an authority: so it is where
    /// somebody made a certificate for one server and put it into `ca_file`. The collector believes it too.
    Known {
        vouched: Arc<WebPkiServerVerifier>,
        authorities: Vec<CertificateDer<'static>>,
    },
}

impl Believing {
    /// Everybody.
    pub(super) fn anyone(provider: Arc<CryptoProvider>) -> Self {
        let whom = Whom::Anyone;
        Self { provider, whom }
    }

    /// Those whom these vouch for, or who are one of them.
    pub(super) fn known(
        roots: RootCertStore,
        authorities: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let roots = Arc::new(roots);
        let vouched = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let whom = Whom::Known {
            vouched: vouched.build()?,
            authorities,
        };
        Ok(Self { provider, whom })
    }
}

/// Whether all that is wrong with a certificate is that it is one of an authority: that is looked at after its time.
fn is_authority(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.to_string().contains("CaUsedAsEndEntity")
        }
        _ => false,
    }
}

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (vouched, authorities) = match &self.whom {
            Whom::Anyone => return Ok(ServerCertVerified::assertion()),
            Whom::Known {
                vouched,
                authorities,
            } => (vouched, authorities),
        };
        match vouched.verify_server_cert(shown, intermediates, name, ocsp, now) {
            Err(error) if is_authority(&error) && authorities.contains(shown) => {
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
