//! Serves an empty sandbox without controllers, for the recorded conformance scenarios.

use sandbox::{Controllers, Sandbox};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let sandbox = match std::env::args().nth(2) {
        Some(directory) => Sandbox::open(directory)?,
        None => Sandbox::new(),
    };
    let server = sandbox
        .controllers(Controllers::Off)
        .serve(TcpListener::bind(address).await?)?;
    #[allow(clippy::print_stdout)] // the address is what this program is for
    {
        println!("{}", server.url());
    }
    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
