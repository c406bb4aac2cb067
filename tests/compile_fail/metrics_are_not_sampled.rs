//! Only traces are sampled.
//~ no method named `sample` found for struct `Pipeline<Metrics>`
//~ the method was found for
//~ `Pipeline<Traces>`

use modules::metrics;

fn main() {
    let _ = metrics().sample(0.1);
}
