//! What an adapter keeps with a webhook.

use std::any::Any;
use std::sync::{Arc, OnceLock};

/// A place for what an adapter shares among the clones of a webhook, such as the
/// threads that its handlers run on. The webhook does not look into it.
#[derive(Clone, Default)]
pub(crate) struct Kept(
    #[cfg_attr(not(feature = "body"), allow(dead_code, reason = "no adapter keeps anything"))]
    Arc<OnceLock<Arc<dyn Any + Send + Sync>>>,
);

impl Kept {
    #[cfg(feature = "body")]
    pub(crate) fn get_or_make<T: Send + Sync + 'static>(&self, make: impl Fn() -> T) -> Arc<T> {
        let kept = Arc::clone(self.0.get_or_init(|| Arc::new(make())));
        kept.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}
