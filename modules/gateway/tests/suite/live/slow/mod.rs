//! What takes minutes beside other tests: `make live-all` alone.

mod load;
mod overloaded;
