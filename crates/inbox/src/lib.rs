//! An inbox for order webhooks.
