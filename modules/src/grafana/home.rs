//! Where does a Grafana keep what people make?

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use provider_core::{Finding, Pods, Scope};

use crate::{pod::Pod, postgres::Database, workload::Workload};

const DATA: &str = "/var/lib/grafana";

/// In a file on its own volume.
#[derive(Clone, Copy, Debug)]
pub struct OwnFile {
    pub(super) storage: u64,
}

/// In a database that several replicas share.
#[derive(Clone, Debug)]
pub struct InPostgres {
    pub(super) database: Database,
    pub(super) wanted: u32,
}

/// Where a Grafana keeps what people make.
pub trait Home: sealed::Sealed {
    /// The same as a value.
    fn kept(&self) -> Kept<'_>;
}

/// Where a Grafana keeps what people make, as a value.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// In a file, on a volume of so many bytes.
    File(u64),
    /// In a database that so many replicas share.
    Shared(&'a Database, u32),
}

impl Home for OwnFile {
    fn kept(&self) -> Kept<'_> {
        Kept::File(self.storage)
    }
}

impl Home for InPostgres {
    fn kept(&self) -> Kept<'_> {
        Kept::Shared(&self.database, self.wanted)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::OwnFile {}
    impl Sealed for super::InPostgres {}
}

impl<'a> Kept<'a> {
    pub(super) fn replicas(self) -> u32 {
        match self {
            Kept::File(_) => 1,
            Kept::Shared(_, replicas) => replicas,
        }
    }

    pub(super) fn database(self) -> Option<&'a Database> {
        match self {
            Kept::File(_) => None,
            Kept::Shared(database, _) => Some(database),
        }
    }

    /// Adds what runs the Pods.
    pub(super) fn run(self, scope: &mut Scope<'_>, mut pod: Pod) -> Pods {
        match self {
            Kept::File(storage) => {
                let set = Workload::<StatefulSet>::of(pod).keep(storage, DATA);
                Pods::from(&scope.add(set))
            }
            Kept::Shared(_, replicas) => {
                pod.scratch("data", DATA);
                let deployment = Workload::<Deployment>::of(pod).replicas(replicas);
                Pods::from(&scope.add(deployment))
            }
        }
    }

    /// What is wrong with it.
    pub(super) fn check(self, name: &str) -> Option<Finding> {
        let message = format!("the Grafana `{name}` has no replicas");
        (self.replicas() == 0).then(|| Finding::new("no-replicas", message))
    }

    /// What should be known of it.
    pub(super) fn note(self, name: &str) -> Option<Finding> {
        let Kept::File(_) = self else {
            return None;
        };
        let message = format!(
            "what people make in the Grafana `{name}` lies on one volume, and nothing copies it"
        );
        let hint =
            "give it a Postgres with a backup, or announce dashboards instead of drawing them";
        Some(Finding::new("no-backup", message).hint(hint))
    }
}
