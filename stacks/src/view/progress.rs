//! How does a run look while it goes on? A live tree on a terminal, a line for each event elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use provider::{Event, Events, Outcome, Plan, Readiness, ResourceId, plan::Action, report::Class};

use crate::view::Screen;

/// Draws the events of a run.
pub(crate) struct Progress {
    screen: Screen,
    tree: Option<Tree>,
    /// What was last said about an object, so that nothing is said twice.
    said: BTreeMap<ResourceId, String>,
}

/// Rows that change in place: the run at the root, a branch for each namespace, a leaf for each object in work.
struct Tree {
    bars: MultiProgress,
    root: ProgressBar,
    /// What is to be done; what stays as it is ends too, and is no part of it.
    work: BTreeSet<ResourceId>,
    branches: BTreeMap<String, ProgressBar>,
    leaves: BTreeMap<ResourceId, ProgressBar>,
    open: BTreeMap<String, BTreeSet<ResourceId>>,
}

impl Progress {
    /// Ready to draw a run of that plan.
    pub(crate) fn new(screen: &Screen, plan: &Plan) -> Self {
        let steps = plan.steps.iter();
        let work = steps.filter(|step| step.action != Action::Keep);
        let work: BTreeSet<_> = work.map(|step| step.id.clone()).collect();
        let tree = (screen.live && !work.is_empty()).then(|| Tree::new(work));
        Self {
            screen: screen.clone(),
            tree,
            said: BTreeMap::new(),
        }
    }

    /// Clears what changes in place; what was said stays.
    pub(crate) fn finish(&mut self) {
        if let Some(tree) = self.tree.take() {
            let _ = tree.bars.clear();
        }
    }

    fn say(&mut self, line: &str) {
        match &self.tree {
            // The bars must step aside, or the line would be drawn into them.
            Some(tree) => {
                let _ = tree.bars.println(line);
            }
            None if self.screen.json => {}
            None => self.screen.say(line),
        }
    }

    fn progressed(&mut self, id: &ResourceId, readiness: &Readiness) {
        let reason = readiness.reason().to_owned();
        if self.said.get(id) == Some(&reason) {
            return;
        }
        self.said.insert(id.clone(), reason.clone());
        match &mut self.tree {
            Some(tree) => tree.grow(id, &reason),
            None if !reason.is_empty() => self.say(&format!("  … {id}: {reason}")),
            None => {}
        }
    }

    fn finished(&mut self, id: &ResourceId, outcome: &Outcome, milliseconds: u64) {
        if let Some(tree) = &mut self.tree {
            tree.drop_leaf(id);
            tree.count(id);
        }
        let style = self.screen.err;
        let took = took(milliseconds).map(|took| style.faint(&took));
        let took = took.unwrap_or_default();
        let line = match outcome {
            Outcome::Kept => return,
            Outcome::Created => format!("  {} {id} created{took}", style.good("✓")),
            Outcome::Updated => format!("  {} {id} updated{took}", style.good("✓")),
            Outcome::Replaced => format!("  {} {id} replaced{took}", style.good("✓")),
            Outcome::Deleted => format!("  {} {id} deleted{took}", style.good("✓")),
            Outcome::Retained { reason } => format!("  {} {id} stays: {reason}", style.warn("=")),
            Outcome::Failed { failed } => {
                format!("  {} {id} failed: {}", style.bad("✗"), failed.message)
            }
            Outcome::Skipped { reason, .. } => {
                format!("  {} {id} skipped: {reason}", style.warn("–"))
            }
        };
        self.say(&line);
    }
}

impl Events for Progress {
    fn event(&mut self, event: &Event) {
        if self.screen.json {
            self.screen.engine_event(event);
        }
        match event {
            Event::LockAwaited { holder, since } => {
                self.say(&format!(
                    "waiting for the lock: {holder} holds it since {since}"
                ));
            }
            Event::StepStarted { id, action } if *action != Action::Keep => {
                if let Some(tree) = &mut self.tree {
                    tree.grow(id, "");
                }
            }
            Event::StepProgressed { id, readiness } => self.progressed(id, readiness),
            Event::Warned { id, message } => {
                let mark = self.screen.err.warn("warning:");
                self.say(&format!("  {mark} {id}: {message}"));
            }
            Event::StepFinished {
                id,
                outcome,
                milliseconds,
            } => self.finished(id, outcome, *milliseconds),
            // What the report will say is not true yet: things are still under way.
            Event::Stopping { reason } if reason.class == Class::Interrupted => self.say(
                "stopping: nothing new starts, what is under way ends; Ctrl-C once more ends at once",
            ),
            Event::Stopping { reason } => self.say(&format!("stopping: {}", reason.message)),
            _ => {}
        }
    }
}

impl Tree {
    fn new(work: BTreeSet<ResourceId>) -> Self {
        let bars = MultiProgress::new();
        let root = bars.add(ProgressBar::new(work.len() as u64));
        root.set_style(template("{spinner} {pos} of {len} done, {elapsed}"));
        root.enable_steady_tick(TICK);
        Self {
            bars,
            root,
            work,
            branches: BTreeMap::new(),
            leaves: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    fn count(&self, id: &ResourceId) {
        if self.work.contains(id) {
            self.root.inc(1);
        }
    }

    /// Shows an object in work below its namespace, with what it waits for.
    fn grow(&mut self, id: &ResourceId, reason: &str) {
        let leaf = match self.leaves.get(id) {
            Some(leaf) => leaf.clone(),
            None => self.sprout(id),
        };
        leaf.set_message(reason.to_owned());
    }

    fn sprout(&mut self, id: &ResourceId) -> ProgressBar {
        let group = group(id);
        let branch = self.branches.entry(group.clone()).or_insert_with(|| {
            let branch = self.bars.add(ProgressBar::new_spinner());
            branch.set_style(template("  {prefix:.bold}"));
            branch.set_prefix(group.clone());
            branch.tick();
            branch
        });
        let leaf = self.bars.insert_after(branch, ProgressBar::new_spinner());
        leaf.set_style(template("    {spinner} {prefix} {wide_msg:.dim}"));
        leaf.set_prefix(format!("{}/{}", id.kind, id.name));
        leaf.enable_steady_tick(TICK);
        self.leaves.insert(id.clone(), leaf.clone());
        self.open.entry(group).or_default().insert(id.clone());
        leaf
    }

    /// Takes an object's row away, and its namespace's when it was the last.
    fn drop_leaf(&mut self, id: &ResourceId) {
        let Some(leaf) = self.leaves.remove(id) else {
            return;
        };
        leaf.finish_and_clear();
        self.bars.remove(&leaf);
        let group = group(id);
        let open = self.open.entry(group.clone()).or_default();
        open.remove(id);
        if open.is_empty()
            && let Some(branch) = self.branches.remove(&group)
        {
            branch.finish_and_clear();
            self.bars.remove(&branch);
        }
    }
}

const TICK: Duration = Duration::from_millis(120);

/// How long it took, where anybody had to wait for it.
fn took(milliseconds: u64) -> Option<String> {
    let seconds = Duration::from_millis(milliseconds).as_secs_f64();
    (milliseconds >= 1000).then(|| format!(" ({seconds:.1} s)"))
}

fn group(id: &ResourceId) -> String {
    id.namespace.clone().unwrap_or_else(|| "cluster".to_owned())
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_as_it_is_is_not_counted_as_done() {
        let stack = crate::catalog::all().into_iter().next().unwrap();
        let graph = stack.graph().unwrap();
        let ids: Vec<_> = graph.resources().map(|one| one.id.clone()).collect();
        let tree = Tree::new(ids[..2].iter().cloned().collect());
        for id in &ids {
            tree.count(id);
        }
        assert_eq!(tree.root.position(), 2);
        assert_eq!(tree.root.length(), Some(2));
    }
}
