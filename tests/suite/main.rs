//! The behaviour of the whole, one module per promise.

mod architecture;
mod live;
