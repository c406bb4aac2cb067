//! What is wrong with a cluster, and what should be known of it?

use provider_core::{Finding, Scope};

use super::{Age, Elasticsearch};
use crate::units::GIB;

/// What the program needs to be of use at all.
const LEAST_MEMORY: u64 = 2 * GIB;

impl Elasticsearch {
    pub(super) fn check(&self, scope: &mut Scope<'_>) {
        self.check_quorum(scope);
        self.check_memory(scope);
        self.notes(scope);
    }

    fn check_quorum(&self, scope: &mut Scope<'_>) {
        let name = &self.name;
        let mut wrong = |message: String, hint: Option<&str>| {
            let finding = Finding::new("elasticsearch-quorum", message);
            scope.finding(match hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        };
        if self.nodes == 0 {
            wrong(format!("the Elasticsearch `{name}` has no members"), None);
        }
        match (self.dedicated, self.nodes) {
            (None, 2) => wrong(
                format!(
                    "the Elasticsearch `{name}` has two members, and stops when it loses either"
                ),
                Some("one member is as safe and cheaper; three survive the loss of one"),
            ),
            (Some(masters @ (0 | 2)), _) => wrong(
                format!(
                    "of the Elasticsearch `{name}`, {masters} members may lead, and it stops when it loses one"
                ),
                Some("three survive the loss of one"),
            ),
            _ => {}
        }
    }

    fn check_memory(&self, scope: &mut Scope<'_>) {
        if self.memory < LEAST_MEMORY {
            let message = format!(
                "the Elasticsearch `{}` has less than 2 GiB of memory",
                self.name
            );
            let hint = "give each member at least `2 * GIB`";
            scope.finding(Finding::new("elasticsearch-memory", message).hint(hint));
        }
    }

    fn notes(&self, scope: &mut Scope<'_>) {
        let name = &self.name;
        match self.age {
            Age::New => {
                let message = format!(
                    "`{name}` is told who its first members are, so a member that loses its disk could found a second cluster"
                );
                let note = Finding::new("elasticsearch-bootstrap", message);
                scope.note(note.hint(
                    "say `.formed()` as soon as the cluster has come up once; it restarts nothing",
                ));
            }
            Age::Formed if self.voters() > 1 => {
                let message = format!(
                    "of the {} members of `{name}` that may lead, at most one may be taken away at a time",
                    self.voters()
                );
                let note = Finding::new("elasticsearch-voters", message);
                scope.note(
                    note.hint("take one away, wait until the cluster is green, and then the next"),
                );
            }
            Age::Formed => {}
        }
        if self.snapshots.is_none() {
            let message =
                format!("nothing of `{name}` is kept anywhere else; what its disks lose is lost");
            let note = Finding::new("elasticsearch-snapshots", message);
            scope.note(note.hint("give it a bucket with `.snapshots(..)`"));
        }
    }
}
