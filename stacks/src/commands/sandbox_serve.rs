//! `stacks sandbox serve|reset`: the sandbox for other programs, and an empty one.

use std::net::{Ipv4Addr, SocketAddr};

use sandbox::{Controllers, Sandbox};
use tokio::net::TcpListener;

use crate::{
    args::Serve,
    commands::{Ended, Session, interrupt},
    exit::ExitStatus,
    view::{self, problem},
};

impl Session {
    pub(super) async fn serve(&self, arguments: &Serve) -> Result<ExitStatus, Ended> {
        let directory = &self.global.sandbox_dir;
        let sandbox = if arguments.ephemeral {
            Sandbox::new()
        } else {
            Sandbox::open(directory).map_err(|error| self.failed(&error))?
        };
        let controllers = if arguments.no_controllers {
            Controllers::Off
        } else {
            Controllers::On
        };
        // Loopback only: the sandbox asks nobody who they are.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
        let listener = TcpListener::bind(address).await.map_err(|error| {
            problem::say(
                &self.screen,
                &format!("could not listen on {address}: {error}"),
            );
            ExitStatus::Failed
        })?;
        let server = sandbox
            .controllers(controllers)
            .serve(listener)
            .map_err(|error| self.failed(&error))?;
        let kubeconfig = directory.join("kubeconfig");
        let written = std::fs::create_dir_all(directory)
            .and_then(|()| std::fs::write(&kubeconfig, sandbox::kubeconfig(server.address())));
        if let Err(error) = written {
            problem::say(
                &self.screen,
                &format!("could not write `{}`: {error}", kubeconfig.display()),
            );
            return Err(ExitStatus::Failed);
        }
        view::served(&self.screen, &server.url(), &kubeconfig);
        interrupt::signal().await;
        server.stop().await;
        Ok(ExitStatus::Done)
    }

    pub(super) async fn reset(&self, yes: bool) -> Result<ExitStatus, Ended> {
        let directory = &self.global.sandbox_dir;
        if !yes
            && self.screen.can_ask
            && !self
                .screen
                .confirm(&format!("Empty the sandbox in `{}`?", directory.display()))
        {
            return Err(ExitStatus::Failed);
        }
        self.end_all().await?;
        Sandbox::reset(directory).map_err(|error| self.failed(&error))?;
        view::emptied(&self.screen, directory);
        Ok(ExitStatus::Done)
    }
}
