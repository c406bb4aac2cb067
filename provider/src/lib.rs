//! The engine: describe, then compare, then act.
