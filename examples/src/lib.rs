//! Complete programs, each under 80 lines.
