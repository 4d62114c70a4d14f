//! What the tests share: the samples, laws as tables, and a sender that decides about
//! every byte it writes.
#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod clock;
pub(crate) mod deliver;
pub(crate) mod law;
pub(crate) mod port_outs;
pub(crate) mod samples;
pub(crate) mod sender;
