//! The collector's configuration language as types.
