//! The stacks of this repository: production, and two smaller ones of the same modules.

use provider::Stack;

mod dev;
mod prod;
mod staging;

/// All of them.
pub fn all() -> Vec<Stack> {
    vec![
        Stack::new("prod", prod::prod).namespace("observability"),
        Stack::new("staging", staging::staging),
        Stack::new("dev", dev::dev),
    ]
}
