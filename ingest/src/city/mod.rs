//! City files: `city.toml` and its boundary files.
