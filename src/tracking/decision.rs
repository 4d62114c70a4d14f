//! What becomes of a delivery.

use crate::tracking::{Revision, Standing};

/// What was applied last of a thing: one row of a table whose primary key is the
/// thing's [`Key`](crate::tracking::Key).
///
/// `Id` is what your queue calls a delivery: a message id of SQS, partition and
/// offset of Kafka, the id of a job. It must stay the same when the queue hands
/// out a delivery for the second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Applied<Id> {
    /// The newest revision that was applied.
    pub revision: Revision,
    /// The delivery that was applied last.
    pub delivery: Id,
}

/// What becomes of a delivery; see [`decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Decision<Id> {
    /// Apply it, and store this row in the same transaction.
    Apply(Applied<Id>),
    /// Do not apply it: it was applied before, or something newer was.
    Stale,
}

/// Decides whether to apply a delivery of a thing, given what was applied last.
///
/// Read the row and lock it, decide, change your own tables, store the new row,
/// and commit, all in one transaction. Then a delivery that comes twice or late
/// changes nothing, and neither does one that comes again because the worker died
/// between its commit and its acknowledgement to the queue.
///
/// | the delivery | decision | the revision to store |
/// |---|---|---|
/// | is the first of its thing | `Apply` | its own |
/// | is the one that was applied last | `Stale` | |
/// | is [newer](Standing::Newer) | `Apply` | its own |
/// | is older, or says the same | `Stale` | |
/// | has no count and no time | `Apply`: it may be new | the known one, so that deliveries older than that are still recognised |
/// | cannot be ordered for another reason, such as the same time with other content | `Apply`: it may be new | its own |
///
/// ```
/// use order_webhooks::tracking::{Applied, Decision, Revision, decide};
///
/// let first = Applied { revision: Revision::counted(22), delivery: "message-1" };
/// assert_eq!(decide(None, first), Decision::Apply(first));
///
/// let late = Applied { revision: Revision::counted(21), delivery: "message-2" };
/// assert_eq!(decide(Some(&first), late), Decision::Stale);
/// ```
pub fn decide<Id: PartialEq>(last: Option<&Applied<Id>>, delivery: Applied<Id>) -> Decision<Id> {
    let Some(last) = last else { return Decision::Apply(delivery) };
    if delivery.delivery == last.delivery {
        return Decision::Stale;
    }
    match delivery.revision.compare(&last.revision) {
        Standing::Same | Standing::Older => Decision::Stale,
        Standing::Unknown if !delivery.revision.can_be_ordered() => {
            Decision::Apply(Applied { revision: last.revision, ..delivery })
        }
        Standing::Newer | Standing::Unknown => Decision::Apply(delivery),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::tracking::ContentDigest;

    #[test]
    fn what_becomes_of_a_delivery() {
        let content = |text: &str| ContentDigest::of(text.as_bytes());
        let noon = |text| Revision::dated(datetime!(2021-06-08 12:00 UTC), content(text));
        let one = Revision::dated(datetime!(2021-06-08 13:00 UTC), content("a"));
        let count = Revision::counted;
        let undated = |text| Revision::unordered(content(text));

        // The last delivery is 1. `Some` is the revision to store.
        for (last, revision, delivery, stored) in [
            (count(22), count(23), 2, Some(count(23))),
            (count(22), count(22), 2, None),
            (count(22), count(21), 2, None),
            (count(22), count(23), 1, None),
            (noon("a"), one, 2, Some(one)),
            (one, noon("a"), 2, None),
            (noon("a"), noon("a"), 2, None),
            (noon("a"), noon("b"), 2, Some(noon("b"))),
            (noon("a"), noon("b"), 1, None),
            (noon("a"), undated("b"), 2, Some(noon("a"))),
            (noon("a"), undated("b"), 1, None),
            (undated("a"), noon("b"), 2, Some(noon("b"))),
            (undated("a"), undated("b"), 2, Some(undated("a"))),
            (undated("a"), undated("a"), 2, Some(undated("a"))),
            (undated("a"), undated("a"), 1, None),
            (count(22), noon("a"), 2, Some(noon("a"))),
        ] {
            let expected = match stored {
                Some(revision) => Decision::Apply(Applied { revision, delivery }),
                None => Decision::Stale,
            };
            let last = Applied { revision: last, delivery: 1 };
            let decision = decide(Some(&last), Applied { revision, delivery });
            assert_eq!(decision, expected, "{revision} of {delivery} after {last:?}");
        }
        let first = Applied { revision: undated("a"), delivery: 1 };
        assert_eq!(decide(None, first), Decision::Apply(first));
    }
}
