//! What is wrong with a Loki, and what should be known of it?

use provider_core::{Finding, Scope};

use super::{Loki, Store, Tenancy, config::MOST_LABELS, schema};

/// Attributes that a Pod takes with it: as labels they make a stream for each Pod that ever was.
const FLEETING: [&str; 3] = ["k8s.pod.name", "k8s.pod.uid", "service.instance.id"];

impl<S: Store, T: Tenancy> Loki<S, T> {
    pub(super) fn check(&self, scope: &mut Scope<'_>) {
        let periods = self.all_periods();
        for finding in schema::check(&self.name, &periods, &self.store) {
            scope.finding(finding);
        }
        for finding in [self.check_quorum(), self.check_labels()]
            .into_iter()
            .flatten()
        {
            scope.finding(finding);
        }
        if let Some(note) = schema::note(&self.name, &periods) {
            scope.note(note);
        }
        if self.store.bucket().is_none() {
            let message = format!(
                "the logs of `{}` lie on one volume, and nothing copies them",
                self.name
            );
            let hint = "a bucket holds them more than once, and is shared by several processes";
            scope.note(Finding::new("no-backup", message).hint(hint));
        }
    }

    fn check_quorum(&self) -> Option<Finding> {
        let message = match self.store.replicas() {
            0 => format!("the Loki `{}` has no replicas", self.name),
            2 => format!(
                "the Loki `{}` has two replicas, and stops when it loses either",
                self.name
            ),
            _ => return None,
        };
        let hint = "one replica is as safe and cheaper; three survive the loss of one";
        Some(Finding::new("loki-quorum", message).hint(hint))
    }

    fn check_labels(&self) -> Option<Finding> {
        let wrong = |message, hint| Some(Finding::new("loki-labels", message).hint(hint));
        if let Some(label) = self
            .labels
            .iter()
            .find(|label| FLEETING.contains(&label.as_str()))
        {
            let message = format!(
                "the Loki `{}` makes a label of `{label}`, of which each Pod has its own",
                self.name
            );
            return wrong(
                message,
                "leave it out: it stays with each line, and is searched there",
            );
        }
        if self.labels.len() > MOST_LABELS {
            let (count, name) = (self.labels.len(), &self.name);
            let message = format!(
                "the Loki `{name}` makes {count} labels, and refuses lines with more than {MOST_LABELS}"
            );
            return wrong(message, "leave some to be searched in the lines");
        }
        None
    }
}
