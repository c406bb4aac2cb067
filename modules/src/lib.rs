//! The catalogue: what can be added to a stack.
