//! A module of one's own, as the design shows it.

use modules::Workload;
use provider_core::{Endpoint, Module, Port, Protocol, Scope};

use crate::support::objects;

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

#[test]
fn a_module_is_a_struct_and_one_function() {
    let ids: Vec<String> = objects(shop)
        .iter()
        .map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"]).replace('"', ""))
        .collect();
    for id in [
        "Deployment/cache",
        "Service/cache",
        "Deployment/shop",
        "NetworkPolicy/cache-deployment",
    ] {
        assert!(ids.iter().any(|found| found == id), "{id} in {ids:?}");
    }
}
