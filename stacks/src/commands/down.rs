//! `stacks down STACK`: take away what `up` made, and nothing else.

use std::collections::BTreeMap;

use provider::{
    Plan,
    plan::{Kept, Volumes},
};

use crate::{
    args::Down,
    commands::{Ended, Session},
    exit::ExitStatus,
    view::problem,
};

impl Session {
    pub(super) async fn down(&self, arguments: &Down) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack.stack)?;
        let connection = self.connect(stack, "down").await?;
        let observation = connection
            .cluster
            .observe_owned(stack.name(), stack.own_namespace())
            .await
            .map_err(|error| self.failed(&error))?;
        let volumes = if arguments.delete_volumes {
            Volumes::Delete
        } else {
            Volumes::Keep
        };
        let plan = Plan::teardown(stack.name(), stack.own_namespace(), &observation, volumes);
        self.announce(&plan);
        self.refuse(&plan)?;
        if plan.is_empty() {
            return Ok(ExitStatus::Done);
        }
        self.ask(
            &connection,
            arguments.yes,
            &format!("Delete this from {}?", connection.name),
        )?;
        let report = self
            .apply(&connection.cluster, &plan, &arguments.pace)
            .await;
        let status = self.reported(&report);
        if report.succeeded()
            && let Some(hint) = later(&plan)
        {
            problem::hint(&self.screen, &hint);
        }
        Ok(status)
    }
}

/// How the volumes that stay can go later: what they belonged to is gone, so that nothing of ours knows them any more.
fn later(plan: &Plan) -> Option<String> {
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for step in &plan.steps {
        if step.kept == Some(Kept::Volume) {
            let namespace = step.id.namespace.as_deref().unwrap_or_default();
            kept.entry(namespace).or_default().push(&step.id.name);
        }
    }
    let commands: Vec<String> = kept
        .iter()
        .map(|(namespace, names)| {
            format!(
                "kubectl delete pvc --namespace {namespace} {}",
                names.join(" ")
            )
        })
        .collect();
    (!commands.is_empty()).then(|| {
        format!(
            "the next `up` takes the volumes into use again; to delete them and their data:\n  {}",
            commands.join("\n  ")
        )
    })
}
