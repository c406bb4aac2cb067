//! Describe and compare, without IO.
