//! Paths, field sets, canonical values and schema facts: the data that engine and sandbox both stand on.
