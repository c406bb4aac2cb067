//! The program: `injector --config FILE --certificate FILE --key FILE`.

use std::{
    fs,
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use error_reporter::Report;
use injector::{Certificate, CertificateError, Config, ConfigError, Files, Limits, Server};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Gives a collector to each Pod that asks for one, as an admission webhook.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// What it may do, and to whom
    #[arg(long, value_name = "FILE", default_value = "/etc/injector/config.yaml")]
    config: PathBuf,
    /// The certificate that it shows, with those that vouch for it (PEM)
    #[arg(long, value_name = "FILE", default_value = "/etc/injector/tls/tls.crt")]
    certificate: PathBuf,
    /// The certificate's key (PEM)
    #[arg(long, value_name = "FILE", default_value = "/etc/injector/tls/tls.key")]
    key: PathBuf,
    /// The address that it listens on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    address: IpAddr,
    /// The port that it listens on; 0 for any, which is written to standard output
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    port: u16,
    /// The port on which it says in the open how it is and what it counts; none if not given
    #[arg(long, value_name = "PORT")]
    open_port: Option<u16>,
    /// How often the certificate's files are looked at, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    reload: u64,
    /// Only say whether the configuration is right
    #[arg(long)]
    check: bool,
}

/// Why the program does not run.
#[derive(Debug, Error)]
enum Failure {
    #[error("could not read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("could not use {}", path.display())]
    Config { path: PathBuf, source: ConfigError },
    #[error("there is no certificate to show")]
    Certificate(#[from] CertificateError),
    #[error("could not listen on {address}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("could not start")]
    Start(#[source] io::Error),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let failure = Report::new(&failure);
            // Who cannot write to standard error has nobody to tell.
            let _ = writeln!(io::stderr(), "injector: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.config.clone();
    let text = fs::read_to_string(&path).map_err(|source| Failure::Read {
        path: path.clone(),
        source,
    })?;
    let config = Config::read(&text).map_err(|source| Failure::Config { path, source })?;
    if arguments.check {
        return Ok(());
    }
    let certificate = Certificate::read(Files {
        certificate: arguments.certificate.clone(),
        key: arguments.key.clone(),
    })?;
    let limits = Limits {
        reload: std::time::Duration::from_secs(arguments.reload.max(1)),
        ..Limits::default()
    };
    let server = Server::new(config, certificate, limits);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::Start)?;
    runtime.block_on(async {
        // First: whoever reads that it listens may tell it to end at once.
        let stop = terminated().map_err(Failure::Start)?;
        let listener = listen(arguments, arguments.port).await?;
        let bound = listener.local_addr().map_err(Failure::Start)?;
        if let Some(port) = arguments.open_port {
            let open = listen(arguments, port).await?;
            tokio::spawn(Arc::clone(&server).show(open));
        }
        // For whoever let the system choose the port; nobody else has to read it.
        let _ = writeln!(io::stdout(), "listening on {bound}");
        server.run(listener, stop).await.map_err(Failure::Start)
    })
}

async fn listen(arguments: &Arguments, port: u16) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(arguments.address, port);
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| Failure::Listen { address, source })
}

/// Done when the program is told to end.
fn terminated() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
