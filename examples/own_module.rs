//! A module of one's own: a cache, and a shop that may talk to it.
//!
//! `cargo run -p examples --bin own_module -- graph shop`

use modules::Workload;
use provider::{Endpoint, Module, Port, Protocol, Scope, Stack};

struct Resp;
impl Protocol for Resp {
    const SCHEME: &'static str = "redis";
}
const RESP: Port<Resp> = Port::new("resp", 6379);

struct Valkey {
    name: &'static str,
}

impl Module for Valkey {
    type Outputs = Endpoint<Resp>;

    fn build(self, scope: &mut Scope<'_>) -> Endpoint<Resp> {
        let server = scope.add(Workload::stateless(self.name, "valkey/valkey:8.1.3").listen(RESP));
        scope.expose(&server, RESP)
    }
}

fn shop(stack: &mut Scope<'_>) {
    let cache = stack.add(Valkey { name: "cache" });
    let app = stack.add(Workload::stateless("shop", "shop:1.0.0"));
    stack.connect(&app, cache.destination());
}

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("shop", shop)])
}
