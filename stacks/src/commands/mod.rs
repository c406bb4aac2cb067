//! One file for each command; what they share is here: the session.

use provider::{
    Cluster, ClusterOptions, Graph, Plan, Stack,
    plan::{Choices, Observation, Take},
};

use crate::{
    args::{Command, Decisions, Global, Pace, Sandbox, Selection},
    exit::ExitStatus,
    target::{Connection, Surroundings, Target},
    view::{self, Screen, problem},
};

mod budget;
mod completion;
mod down;
mod drift;
mod graph;
mod import;
mod interrupt;
mod list;
mod local;
mod plan;
mod render;
mod sandbox_serve;
mod status;
mod up;

/// One call of the command: the stacks that it knows, and where it writes.
pub(crate) struct Session {
    stacks: Vec<Stack>,
    global: Global,
    screen: Screen,
}

/// Why a command ends before its end; it has been said on the screen already.
pub(crate) type Ended = ExitStatus;

impl Session {
    /// A session over these stacks.
    pub(crate) fn new(stacks: Vec<Stack>, global: Global, screen: Screen) -> Self {
        Self {
            stacks,
            global,
            screen,
        }
    }

    /// Runs one command.
    pub(crate) async fn run(&self, command: Command) -> ExitStatus {
        let ended = match command {
            Command::Up(arguments) => self.up(&arguments).await,
            Command::Plan(arguments) => self.plan(&arguments).await,
            Command::Drift(arguments) => self.drift(&arguments).await,
            Command::Down(arguments) => self.down(&arguments).await,
            Command::Status(arguments) => self.status(&arguments).await,
            Command::Render(arguments) => self.render(&arguments),
            Command::Graph(arguments) => self.graph_of(&arguments),
            Command::Import(arguments) => self.import(&arguments),
            Command::Budget(arguments) => self.budget(&arguments),
            Command::List => Ok(self.list()),
            Command::Sandbox(Sandbox::Serve(arguments)) => self.serve(&arguments).await,
            Command::Sandbox(Sandbox::Reset { yes }) => self.reset(yes).await,
            Command::Completion { shell } => self.completion(shell),
            Command::LocalGateway { .. } => Ok(ExitStatus::Failed),
        };
        match ended {
            Ok(status) | Err(status) => status,
        }
    }

    /// The stack of that name.
    fn stack(&self, name: &str) -> Result<&Stack, Ended> {
        self.stacks
            .iter()
            .find(|stack| stack.name() == name)
            .ok_or_else(|| {
                let known = self.stacks.iter().map(Stack::name).collect::<Vec<_>>();
                problem::unknown_stack(&self.screen, name, &known);
                ExitStatus::Failed
            })
    }

    /// The graph of a stack, or everything that is wrong with its definition.
    fn graph(&self, stack: &Stack) -> Result<Graph, Ended> {
        stack.graph().map_err(|findings| {
            view::findings::show(&self.screen, stack.name(), &findings);
            ExitStatus::Failed
        })
    }

    /// Chooses the target, says it before anything else, and opens the door to it.
    async fn connect(&self, stack: &Stack, command: &str) -> Result<Connection, Ended> {
        let connection = async {
            let target = Target::choose(&self.global, &Surroundings::of_process())?;
            target
                .connect(ClusterOptions {
                    holder: holder(command),
                    ..ClusterOptions::default()
                })
                .await
        };
        let connection = connection.await.map_err(|error| {
            let ended = self.failed(&error);
            if let Some(hint) = error.hint() {
                problem::hint(&self.screen, &hint);
            }
            ended
        })?;
        view::target(&self.screen, &connection, stack);
        Ok(connection)
    }

    /// Looks at the cluster.
    async fn observe(&self, cluster: &Cluster, graph: &Graph) -> Result<Observation, Ended> {
        cluster
            .observe(graph)
            .await
            .map_err(|error| self.failed(&error))
    }

    /// The plan that these choices give, after a look at the cluster.
    async fn planned(
        &self,
        cluster: &Cluster,
        graph: &Graph,
        choices: &Choices,
    ) -> Result<Plan, Ended> {
        let observation = self.observe(cluster, graph).await?;
        self.check_patterns(graph, &observation, choices)?;
        let mut plan = Plan::with(graph, &observation, choices);
        // Whoever proxies an API may not answer this; then nothing is known, and nothing said.
        if let Ok(version) = cluster.version().await {
            plan.notes.extend(version.judge(graph));
        }
        for take in &choices.take {
            if !takes_anything(&plan, take) {
                problem::idle_take(&self.screen, take);
            }
        }
        Ok(plan)
    }

    /// A pattern that means nothing is most likely a typing mistake, and silently doing less would hide it.
    fn check_patterns(
        &self,
        graph: &Graph,
        observation: &Observation,
        choices: &Choices,
    ) -> Result<(), Ended> {
        let ids: Vec<_> = graph
            .resources()
            .map(|resource| &resource.id)
            .chain(observation.objects.keys())
            .collect();
        let given = [
            &choices.only,
            &choices.exclude,
            &choices.replace,
            &choices.adopt,
        ];
        let unmatched: Vec<_> = given
            .iter()
            .flat_map(|selection| selection.unmatched(ids.iter().copied()))
            .collect();
        if unmatched.is_empty() {
            return Ok(());
        }
        problem::unmatched(&self.screen, graph.stack(), &unmatched);
        Err(ExitStatus::Failed)
    }

    /// Says what went wrong.
    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Ended {
        problem::show(&self.screen, error);
        problem::status_of(error)
    }
}

/// What the arguments choose.
fn choices(selection: &Selection, decisions: Option<&Decisions>) -> Choices {
    let mut choices = Choices {
        only: selection.only.iter().collect(),
        exclude: selection.exclude.iter().collect(),
        ..Choices::default()
    };
    if let Some(Decisions {
        take,
        replace,
        adopt,
    }) = decisions
    {
        choices.take = take.iter().cloned().collect();
        choices.replace = replace.iter().collect();
        choices.adopt = adopt.iter().collect();
    }
    choices
}

/// Whether a plan takes a field from another manager because of this.
fn takes_anything(plan: &Plan, take: &Take) -> bool {
    plan.steps.iter().any(|step| {
        step.takeovers
            .iter()
            .any(|takeover| take.covers(&step.id, &takeover.manager.name, &takeover.path))
    })
}

/// The limits that the arguments set.
fn limits(pace: &Pace) -> provider::Limits {
    provider::Limits {
        parallelism: pace.parallelism.into(),
        run: pace.timeout,
        resource: pace.resource_timeout,
        lock: pace.lock_timeout,
        ..provider::Limits::default()
    }
}

/// Who acts, for whoever finds the stack locked: `ana@laptop (pid 4711): up`.
fn holder(command: &str) -> String {
    let variable = |names: [&str; 2]| names.into_iter().find_map(|name| std::env::var(name).ok());
    let user = variable(["USER", "LOGNAME"]).unwrap_or_else(|| "someone".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").map(|name| name.trim().to_owned());
    let host = host
        .ok()
        .filter(|name| !name.is_empty())
        .or_else(|| std::env::var("HOSTNAME").ok());
    format!(
        "{user}@{} (pid {}): {command}",
        host.unwrap_or_else(|| "somewhere".to_owned()),
        std::process::id()
    )
}
