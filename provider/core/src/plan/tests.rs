//! Does a plan say what it should?
