//! Which words does `stacks import` know?

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use collector_config::{
    Distribution, Release, Version,
    import::{self, Wanted},
    lint::{Replicas, Tier},
};

/// The arguments of `stacks import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Collector YAML, Kubernetes manifests, values of the collector's chart, or Markdown with these in it; `-` reads
    /// standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// The form of what is written to standard output; as Rust, the findings go to standard error
    #[arg(long, short, value_enum, value_name = "FORM", default_value_t = ImportForm::Rust)]
    pub(crate) output: ImportForm,

    /// Exit with 2 if there are errors or warnings
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,

    #[command(flatten)]
    pub(crate) surroundings: Surroundings,
}

/// What the files do not say.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Surroundings")]
pub(crate) struct Surroundings {
    /// The collector version that is to read it; the newest, where nothing is said
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<Version>,

    /// The collector's distribution; that of the image, or `otelcol-contrib`, where nothing is said
    #[arg(long, value_name = "NAME", value_parser = distributions())]
    pub(crate) distribution: Option<String>,

    /// The place of the collector among others; guessed from manifests and from what it does, where nothing is said
    #[arg(long, value_name = "TIER", value_parser = tiers())]
    pub(crate) tier: Option<String>,

    /// How many replicas there are: a number, or `auto` where an autoscaler decides
    #[arg(long, value_name = "NUMBER", value_parser = replicas)]
    pub(crate) replicas: Option<Replicas>,

    /// How much memory each may have, as Kubernetes writes it: `2Gi`
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory: Option<u64>,
}

/// The forms of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportForm {
    /// A function that makes the configuration
    Rust,
    /// One JSON document, with the findings
    Json,
}

impl Surroundings {
    /// The program that the configurations are for.
    pub(crate) fn wanted(&self) -> Wanted {
        let name = self.distribution.as_deref();
        let named = |known: &Distribution| Some(known.as_str()) == name;
        Wanted {
            version: self.release,
            distribution: Distribution::ALL.iter().copied().find(named),
        }
    }

    /// The version that is said, where it is newer than all that are known.
    pub(crate) fn too_new(&self) -> Option<Version> {
        self.release
            .filter(|version| *version > Release::CONTRIB.version)
    }

    /// The tier of that name.
    pub(crate) fn tier(&self) -> Option<Tier> {
        let name = self.tier.as_deref()?;
        Tier::ALL.into_iter().find(|tier| tier.as_str() == name)
    }
}

fn distributions() -> clap::builder::PossibleValuesParser {
    let names = Distribution::ALL.iter().map(|known| known.as_str());
    names.collect::<Vec<_>>().into()
}

fn tiers() -> clap::builder::PossibleValuesParser {
    Tier::ALL.map(Tier::as_str).into()
}

fn replicas(text: &str) -> Result<Replicas, String> {
    if text == "auto" {
        return Ok(Replicas::Autoscaled);
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a number from 1 on, or `auto`".to_owned()),
        Ok(number) => Ok(Replicas::Fixed(number)),
    }
}

fn memory(text: &str) -> Result<u64, String> {
    import::bytes(text).ok_or_else(|| "expected a size such as `512Mi` or `2Gi`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_counted_or_left_to_an_autoscaler() {
        for (text, parsed) in [
            ("3", Ok(Replicas::Fixed(3))),
            ("auto", Ok(Replicas::Autoscaled)),
            ("many", Err(())),
            ("0", Err(())),
            ("-1", Err(())),
        ] {
            assert_eq!(replicas(text).map_err(drop), parsed);
        }
    }
}
