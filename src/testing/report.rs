//! A delivery as it went.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::testing::delivery::Delivery;
use crate::testing::verdict::{Next, Span, Verdict};

/// What happened to a delivery, from its first request to its end.
///
/// `Display` prints it line by line, without headers and bodies:
///
/// ```text
/// after 0 s: 401, repeats the request with credentials
/// after 0 s: 200, delivered
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// Every request and what came of it, in order.
    pub exchanges: Vec<Exchange>,
}

/// A request and what came of it.
///
/// `Debug` shows the status and what came next, nothing of headers and bodies.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The time since the first try: the waits in between.
    pub at: Duration,
    /// What the provider sent.
    pub request: Request<Bytes>,
    /// The answer, if there was one in time.
    pub response: Option<Response<Bytes>>,
    /// What the provider did next.
    pub next: Next,
}

impl Exchange {
    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status().as_u16())
    }
}

impl Report {
    /// The status of each answer, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<Option<u16>> {
        self.exchanges.iter().map(Exchange::status).collect()
    }
}

impl Delivery {
    /// Runs the delivery to its end against a function that answers requests:
    /// any server's core, or a client of yours. `None` says that there was no
    /// answer in time.
    ///
    /// ```
    /// # #[cfg(feature = "porterbuddy")] {
    /// use order_webhooks::testing::{Sender, Verdict, porterbuddy};
    /// use order_webhooks::{Receipt, Secret, WebhookExt, porterbuddy::OrderWebhook, webhook::Answer};
    ///
    /// let key = Secret::new("porterbuddy-api-key")?;
    /// let webhook = OrderWebhook::new(&key);
    /// let sender = Sender::porterbuddy("/porterbuddy".parse()?, &key);
    /// let report = sender.delivery(&porterbuddy::order_status_update()).run(|request| {
    ///     Some(match webhook.verify(request) {
    ///         Ok(_) => Answer::from(Receipt::Accepted).to_response(),
    ///         Err(rejection) => rejection.to_response(),
    ///     })
    /// });
    /// assert_eq!(report.verdict, Verdict::Delivered);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<B: Into<Bytes>>(
        mut self,
        mut answer: impl FnMut(Request<Bytes>) -> Option<Response<B>>,
    ) -> Report {
        let mut exchanges = Vec::new();
        while let Some(request) = self.request() {
            let response = answer(request.clone());
            exchanges.push(self.exchanged(request, response.map(|r| r.map(Into::into))));
        }
        Report::new(&self, exchanges)
    }

    pub(super) fn exchanged(
        &mut self,
        request: Request<Bytes>,
        response: Option<Response<Bytes>>,
    ) -> Exchange {
        let at = self.elapsed();
        let next = match &response {
            Some(response) => self.answered(response),
            None => self.unanswered(),
        };
        Exchange { at, request, response, next }
    }
}

impl Report {
    /// The report of a delivery that has ended.
    pub(super) fn new(ended: &Delivery, exchanges: Vec<Exchange>) -> Self {
        let verdict = ended.verdict().cloned();
        let no_answer = || Verdict::Lost(crate::testing::verdict::Failure::NoAnswer);
        Self { verdict: verdict.unwrap_or_else(no_answer), exchanges }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for exchange in &self.exchanges {
            write!(f, "after {}: ", Span(exchange.at))?;
            match exchange.status() {
                Some(status) => write!(f, "{status}")?,
                None => f.write_str("no answer")?,
            }
            writeln!(f, ", {}", exchange.next)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("at", &self.at)
            .field("status", &self.status())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
