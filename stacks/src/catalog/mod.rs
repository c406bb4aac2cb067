//! The stacks of this repository: production, two smaller ones of the same modules, and one in three layers.

use provider::Stack;

mod dev;
mod hybrid;
mod prod;
mod staging;

/// All of them.
pub fn all() -> Vec<Stack> {
    vec![
        Stack::new("prod", prod::prod).namespace("observability"),
        Stack::new("staging", staging::staging),
        Stack::new("dev", dev::dev),
        Stack::new("hybrid", hybrid::hybrid),
    ]
}
