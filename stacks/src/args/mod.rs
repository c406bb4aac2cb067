//! Which words does the command line know?

mod import;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use provider::plan::Take;

pub(crate) use self::import::{Import, ImportForm, Surroundings};

/// Describes observability stacks in Rust, compares them with a cluster, and applies them.
#[derive(Debug, Parser)]
#[command(
    name = "stacks",
    version,
    about,
    after_help = EXIT_CODES
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) global: Global,
}

const EXIT_CODES: &str = "\
Exit status:
    0  done, or nothing to do
    1  failed
    2  there is something to do (`plan --detailed-exitcode`), something drifted (`drift`),
       or an imported configuration has errors or warnings (`import --detailed-exitcode`)
    3  a conflict: another field manager owns a field that the stack wants
    4  refused: a protected object, or a replacement that nobody allowed
    5  the plan is stale: the cluster changed in a way that the approved plan does not cover
    6  the stack is locked by another run
    7  applied, but a rollout failed; for `status`: something is not ready
    8  out of time
  130  interrupted

Where a stack goes: `--sandbox`, else the context of `--kube-context`, of `$KUBECONFIG` or of
`~/.kube/config`, else the credentials of the Pod that this runs in, else the sandbox: an API server
inside this process whose objects live below `.stacks/`. The target is always printed first.";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The context of the kubeconfig to use
    #[arg(long, global = true, value_name = "CONTEXT")]
    pub(crate) kube_context: Option<String>,

    /// The kubeconfig file to use, instead of `$KUBECONFIG` and `~/.kube/config`
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Use the sandbox even where a kubeconfig is found
    #[arg(long, global = true, conflicts_with_all = ["kube_context", "kubeconfig"])]
    pub(crate) sandbox: bool,

    /// Where the sandbox keeps its objects
    #[arg(long, global = true, value_name = "DIR", default_value = ".stacks")]
    pub(crate) sandbox_dir: PathBuf,

    /// Write one JSON event per line to standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// No colours; so does `$NO_COLOR`
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Apply a stack: plan, ask, apply, wait until it works
    Up(Up),
    /// Show what `up` would do
    Plan(Plan),
    /// Show what someone else has changed since the stack was last applied; exits with 2 if anything
    Drift(Drift),
    /// Take a stack down again
    Down(Down),
    /// Show how the objects of a stack are doing
    Status(StackName),
    /// Write the stack as YAML that `kubectl apply` accepts
    Render(Render),
    /// Draw what depends on what, and what sends traffic where
    Graph(Graph),
    /// Read collector YAML, and write it as Rust, with what is wrong with it
    Import(Import),
    /// Show where the memory of each collector goes, and what that is enough for
    Budget(Budget),
    /// List the stacks that this command knows
    List,
    /// The API server inside this process: serve it to other programs, or empty it
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Run the gateway of a folder: `up` calls itself so
    #[command(hide = true)]
    LocalGateway {
        /// The folder
        folder: PathBuf,
    },
    /// Write a completion script for a shell
    Completion {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct StackName {
    /// Which stack; the command `list` shows them
    #[arg(value_name = "STACK")]
    pub(crate) stack: String,
}

/// Which objects of a stack a command is about.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Selection {
    /// Only these objects, and what they depend on; may be given more than once
    ///
    /// A pattern is a name, `Kind/name` or `Kind/namespace/name`; `*` stands for any letters, and the case of
    /// letters does not matter: `--only 'Deployment/*' --only otlp`.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) only: Vec<String>,

    /// All but these objects; patterns as for `--only`
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
}

/// What a plan may do that it would not do unasked.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Decisions")]
pub(crate) struct Decisions {
    /// Take a field from another manager, as the plan proposes it: `kubectl-edit:spec.replicas`
    ///
    /// The path may end early and then means everything below it; `*` as the manager means any. On one object only
    /// with a pattern behind it: `helm:spec.replicas@Deployment/otlp`. Only conflicts need it: drift is retaken.
    #[arg(long, value_name = "MANAGER:PATH")]
    pub(crate) take: Vec<Take>,

    /// Allow these objects to be deleted and created again where a field cannot change; patterns as for `--only`
    #[arg(long, value_name = "PATTERN")]
    pub(crate) replace: Vec<String>,

    /// Take over objects that were made by other means, with every field that the stack wants; patterns as for `--only`
    #[arg(long, value_name = "PATTERN")]
    pub(crate) adopt: Vec<String>,
}

/// How long and how wide.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Pace {
    /// How many objects may be in work at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallelism: u16,

    /// How long the whole run may take: `90s`, `15m`, `1h`
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// How long one object may take to become ready
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) resource_timeout: Duration,

    /// How long to wait while another run holds the stack
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// Exit with 2 if there is something to do
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// The form of the plan on standard output
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = ReportForm::Text)]
    pub(crate) output: ReportForm,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
}

#[derive(Debug, Args)]
pub(crate) struct Drift {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// The form of the report on standard output
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = ReportForm::Text)]
    pub(crate) output: ReportForm,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
pub(crate) struct Down {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// Delete the volumes of StatefulSets too; their data is gone then
    #[arg(long)]
    pub(crate) delete_volumes: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// The form of the objects
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = RenderForm::Yaml)]
    pub(crate) output: RenderForm,
    /// Write the values of Secrets too
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// The language of the drawing
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = GraphForm::Mermaid)]
    pub(crate) output: GraphForm,
    /// What to draw
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = GraphSubject::Connections)]
    pub(crate) of: GraphSubject,
}

#[derive(Debug, Args)]
pub(crate) struct Budget {
    #[command(flatten)]
    pub(crate) stack: StackName,
    /// The form of the table
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = BudgetForm::Text)]
    pub(crate) output: BudgetForm,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Serve the sandbox on a loopback port, with a kubeconfig that `kubectl` accepts
    Serve(Serve),
    /// Empty the sandbox
    Reset {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Nothing writes but clients: workloads never become ready
    #[arg(long)]
    pub(crate) no_controllers: bool,
    /// Keep nothing: objects live only as long as this runs
    #[arg(long)]
    pub(crate) ephemeral: bool,
}

/// The forms of a plan or a drift report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// A Markdown report, for a pull request or a job's summary
    Markdown,
    /// Workflow commands that put an annotation on the line of Rust that declares the object
    Github,
}

/// The forms of rendered objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RenderForm {
    /// One YAML document for each object
    Yaml,
    /// One JSON `List`
    Json,
}

/// The forms of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BudgetForm {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// The languages of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    /// Mermaid, which GitHub draws
    Mermaid,
    /// DOT, for Graphviz
    Dot,
    /// Nodes and edges as JSON
    Json,
}

/// What a drawing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphSubject {
    /// Which workload sends traffic to which
    Connections,
    /// Which object waits for which
    Dependencies,
}

/// `90s`, `15m`, `1h30m`; a bare number means seconds.
fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| EXPECTED.to_owned())?;
    Duration::try_from(span).map_err(|_| EXPECTED.to_owned())
}

const EXPECTED: &str = "expected a duration such as `90s`, `15m` or `1h30m`";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_are_written_as_people_write_them() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("15m", 900),
            ("1h30m", 5400),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "abc", "-5s", "5 parsecs"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
