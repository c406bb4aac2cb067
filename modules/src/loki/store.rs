//! Where does a Loki keep its logs, and for whom?

use provider_core::Protocol;

use super::schema::{Keeps, Period, first};
use crate::{
    object_store::ObjectStore,
    protocol::{LogQl, LokiOtlp},
};

/// Where a Loki keeps its logs.
pub trait Store: sealed::Sealed {
    /// How many processes share them.
    fn replicas(&self) -> u32;
    /// The bucket, if it is one.
    fn bucket(&self) -> Option<&ObjectStore>;
}

/// On the disk of one process.
#[derive(Clone, Copy, Debug)]
pub struct OnDisk;

/// In a bucket that several processes share.
#[derive(Clone, Debug)]
pub struct InBucket {
    pub(super) store: ObjectStore,
    pub(super) wanted: u32,
}

impl Store for OnDisk {
    fn replicas(&self) -> u32 {
        1
    }

    fn bucket(&self) -> Option<&ObjectStore> {
        None
    }
}

impl Store for InBucket {
    fn replicas(&self) -> u32 {
        self.wanted
    }

    fn bucket(&self) -> Option<&ObjectStore> {
        Some(&self.store)
    }
}

/// The periods of a Loki that was told none.
pub(super) fn usual_periods<S: Store>(store: &S) -> Vec<Period> {
    first(match store.bucket() {
        Some(_) => Keeps::Bucket,
        None => Keeps::Disk,
    })
}

/// Whose logs a Loki keeps: what is spoken there follows from it.
pub trait Tenancy: sealed::Sealed {
    /// Where logs are sent to.
    type Otlp: Protocol;
    /// Where questions are asked.
    type Query: Protocol;
    /// Whether each request has to name a tenant.
    const NAMED: bool;
}

/// Everything in one.
#[derive(Clone, Copy, Debug)]
pub enum OneTenant {}

/// Of tenants that do not see each other's.
#[derive(Clone, Copy, Debug)]
pub enum Tenants {}

/// OTLP over HTTP as a Loki with tenants receives it: each request names one.
#[derive(Clone, Copy, Debug)]
pub enum TenantOtlp {}

/// Questions to a Loki with tenants: each names one.
#[derive(Clone, Copy, Debug)]
pub enum TenantLogQl {}

impl Tenancy for OneTenant {
    type Otlp = LokiOtlp;
    type Query = LogQl;
    const NAMED: bool = false;
}

impl Tenancy for Tenants {
    type Otlp = TenantOtlp;
    type Query = TenantLogQl;
    const NAMED: bool = true;
}

impl Protocol for TenantOtlp {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

impl Protocol for TenantLogQl {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::OnDisk {}
    impl Sealed for super::InBucket {}
    impl Sealed for super::OneTenant {}
    impl Sealed for super::Tenants {}
}
