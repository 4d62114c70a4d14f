//! What retries and several connections make of a sequence.

use crate::testing::delivery::Delivery;
use crate::testing::random::Random;

/// The deliveries with about every second one sent twice, as a provider does
/// that has missed an answer.
#[must_use]
pub fn doubled(deliveries: Vec<Delivery>, random: &mut Random) -> Vec<Delivery> {
    let mut doubled = Vec::with_capacity(deliveries.len().saturating_mul(2));
    for delivery in deliveries {
        if random.below(2) == 0 {
            doubled.push(delivery.restarted());
        }
        doubled.push(delivery);
    }
    doubled
}

/// The deliveries in another order, as they arrive over several connections or
/// after retries: `COMPLETE` can come before `PROCESSING`.
///
/// ```
/// # #[cfg(feature = "musement")] {
/// use order_webhooks::Credentials;
/// use order_webhooks::testing::{Random, Sender, doubled, musement, reordered};
///
/// let credentials = Credentials::new("JohnSmith", "Swordfish")?;
/// let sender = Sender::musement("/musement".parse()?, &credentials);
/// let updates = musement::order_item_updates();
/// let deliveries = updates.iter().map(|update| sender.delivery(update)).collect();
///
/// let mut random = Random::new(1);
/// let deliveries = reordered(doubled(deliveries, &mut random), &mut random);
/// assert!(deliveries.len() > 6);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn reordered(mut deliveries: Vec<Delivery>, random: &mut Random) -> Vec<Delivery> {
    random.shuffle(&mut deliveries);
    deliveries
}
