//! Makes container images of programs: `image build`, and looks at them: `image check`.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use error_reporter::Report;
use image::{Entry, Image, Start};

/// Container images without a container engine.
#[derive(Parser)]
#[command(version)]
enum Arguments {
    /// Write an image as an archive
    Build {
        /// What it is called: `gateway:0.1.0`
        #[arg(long)]
        name: String,
        /// The architecture of its programs
        #[arg(long, default_value = architecture())]
        architecture: String,
        /// A file: `FROM:/TO` or `FROM:/TO:MODE`
        #[arg(long, required = true)]
        add: Vec<Entry>,
        /// The program and its first arguments, one each
        #[arg(long, required = true)]
        entrypoint: Vec<String>,
        /// A further argument
        #[arg(long)]
        argument: Vec<String>,
        /// Who runs it
        #[arg(long, default_value = "65532:65532")]
        user: String,
        /// Where it listens: `4317/tcp`
        #[arg(long)]
        port: Vec<String>,
        /// The archive
        #[arg(long)]
        output: PathBuf,
    },
    /// Check an archive, and put its files into a folder
    Check {
        /// The archive
        archive: PathBuf,
        /// The folder
        folder: PathBuf,
    },
}

/// This machine's architecture, as Go calls it.
const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error = Report::new(&*error);
            // There is nobody to tell that stderr is gone.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    match arguments {
        Arguments::Build {
            name,
            architecture,
            add,
            entrypoint,
            argument,
            user,
            port,
            output,
        } => {
            let start = Start {
                entrypoint,
                arguments: argument,
                user,
                ports: port,
            };
            let image = Image {
                name,
                architecture,
                entries: add,
                start,
            };
            if let Some(folder) = output.parent() {
                fs::create_dir_all(folder)?;
            }
            image::write(&image, File::create(&output)?)?;
            let size = fs::metadata(&output)?.len();
            writeln!(io::stderr(), "{}: {} bytes", output.display(), size)?;
        }
        Arguments::Check { archive, folder } => {
            let config = image::unpack(File::open(&archive)?, &folder)?;
            writeln!(io::stdout(), "{:#}", config["config"])?;
        }
    }
    Ok(())
}
