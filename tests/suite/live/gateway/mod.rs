//! What the gateway does beside the programs that it is to replace.

mod cost;
mod killed;
