//! Which certificate is shown, and since when?
//!
//! A mounted Secret is exchanged under the running program: its files are links that change all at once. So they are
//! read again and again, and a pair that fits together is shown from then on.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use thiserror::Error;

use crate::expiry;

/// Where a certificate and its key are kept.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate, with those that vouch for it, as PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
}

/// The certificate that is shown to whoever connects.
#[derive(Debug)]
pub struct Certificate {
    files: Files,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    read: Pair,
    /// The second after which it does not hold.
    until: Option<i64>,
    key: Arc<CertifiedKey>,
}

/// The two files as they were read.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Why a certificate cannot be shown.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is no PEM of what it should be.
    #[error("there is no usable PEM in {}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
    },
    /// They do not fit together, or the key is of a kind that cannot be used.
    #[error("the certificate in {} and its key are of no use together", path.display())]
    Pair {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

impl Certificate {
    /// Reads a certificate and its key.
    pub fn read(files: Files) -> Result<Arc<Self>, CertificateError> {
        let read = Pair::read(&files)?;
        let shown = RwLock::new(Shown::of(read, &files)?);
        Ok(Arc::new(Self { files, shown }))
    }

    /// Reads the files again, and says whether there is another certificate now. Where they are of no use, the one
    /// before goes on being shown.
    pub fn refresh(&self) -> Result<bool, CertificateError> {
        let read = Pair::read(&self.files)?;
        if self
            .shown
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .read
            == read
        {
            return Ok(false);
        }
        let shown = Shown::of(read, &self.files)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(true)
    }

    /// The second, since 1970, after which what is shown does not hold; none where it does not say so.
    pub fn until(&self) -> Option<i64> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.until
    }
}

impl Shown {
    fn of(read: Pair, files: &Files) -> Result<Self, CertificateError> {
        let key = read.certified(files)?;
        let until = key.cert.first().and_then(|own| expiry::seconds(own));
        Ok(Self { read, until, key })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown.key))
    }
}

impl Pair {
    fn read(files: &Files) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| CertificateError::Read {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
        })
    }

    fn certified(&self, files: &Files) -> Result<Arc<CertifiedKey>, CertificateError> {
        let pem = |path: &Path| {
            let path = path.to_owned();
            |source| CertificateError::Pem { path, source }
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(pem(&files.certificate))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(pem(&files.key))?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider());
        key.map(Arc::new).map_err(|source| CertificateError::Pair {
            path: files.certificate.clone(),
            source,
        })
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair(***)")
    }
}
