//! Nothing but the features that `Cargo.toml` names.
