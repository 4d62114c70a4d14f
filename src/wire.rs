//! How bytes become values, and where they fail to.
