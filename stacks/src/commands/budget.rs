//! `stacks budget STACK`: where does the memory of each collector go?

use crate::{
    args::{Budget, BudgetForm},
    commands::{Ended, Session},
    exit::ExitStatus,
    view::budget::Budgets,
};

impl Session {
    pub(super) fn budget(&self, arguments: &Budget) -> Result<ExitStatus, Ended> {
        let graph = self.graph(self.stack(&arguments.stack.stack)?)?;
        let budgets = Budgets::of(&graph);
        if self.screen.json {
            self.screen.event("budget", &budgets);
            return Ok(ExitStatus::Done);
        }
        self.screen.data(&match arguments.output {
            BudgetForm::Text => budgets.text(self.screen.out),
            BudgetForm::Json => serde_json::json!(budgets).to_string(),
        });
        Ok(ExitStatus::Done)
    }
}
