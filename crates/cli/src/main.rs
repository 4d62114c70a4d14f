//! A program for whoever integrates order webhooks.

fn main() {}
