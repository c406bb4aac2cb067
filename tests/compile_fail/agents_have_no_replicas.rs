//! Replicas per node do not exist.
//~ no method named `replicas` found for struct `Collector<modules::Agent>`
//~ `Collector<modules::Gateway>`

use modules::Collector;

fn main() {
    let _ = Collector::agent("node").replicas(3);
}
