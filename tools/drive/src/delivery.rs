//! Deliveries as the providers send them, made from a number each.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use order_webhooks::bandwidth::Notification;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{Credentials, Secret, Tracked};

use crate::Failure;

/// One of several versions of one thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Delivery {
    pub(crate) thing: u64,
    pub(crate) version: u64,
}

/// What the receivers are configured with when nothing else is said.
#[derive(Clone)]
pub(crate) struct Senders {
    musement: HeaderValue,
    bandwidth: HeaderValue,
    porterbuddy: OrderWebhook,
}

impl Senders {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            musement: Credentials::new("JohnSmith", "Swordfish")?.authorization(),
            bandwidth: Credentials::new("bandwidth-user", "bandwidth-password")?.authorization(),
            porterbuddy: OrderWebhook::new(&Secret::new("porterbuddy-api-key")?),
        })
    }

    pub(crate) fn request(&self, delivery: Delivery) -> Result<Request<Full<Bytes>>, Failure> {
        let body = delivery.body();
        let request = Request::post(delivery.path()).header(header::HOST, "inbox");
        let request = match delivery.thing % 3 {
            0 => request.header(header::AUTHORIZATION, self.musement.clone()),
            1 => {
                let signature = self.porterbuddy.signature().sign(body.as_bytes());
                request.header("x-porterbuddy-hmac-SHA256", signature)
            }
            _ => request.header(header::AUTHORIZATION, self.bandwidth.clone()),
        };
        Ok(request.body(Full::new(body.into()))?)
    }
}

impl Delivery {
    /// Bandwidth sends nothing twice.
    pub(crate) fn comes_again(self) -> bool {
        self.thing % 3 != 2
    }

    fn path(self) -> &'static str {
        match self.thing % 3 {
            0 => "/musement",
            1 => "/porterbuddy",
            _ => "/bandwidth/notifications",
        }
    }

    pub(crate) fn body(self) -> String {
        let Self { thing, version } = self;
        let at = format!("2023-09-12T15:{:02}:{:02}.000Z", version / 60 % 60, version % 60);
        match thing % 3 {
            0 => format!(
                r#"{{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-{thing:012x}","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"{version}","order_item_status":"S{version}"}}"#
            ),
            1 => format!(
                r#"{{"orderId":"{thing}","orderStatus":"s{version}","statusUpdatedAt":"{at}"}}"#
            ),
            _ => format!(
                "<Notification><SubscriptionId>s-1</SubscriptionId><OrderType>portins</OrderType><OrderId>order-{thing}</OrderId><Status>S{version}</Status><LastModifiedDate>{at}</LastModifiedDate></Notification>"
            ),
        }
    }

    /// Key and revision, in their text forms.
    pub(crate) fn tracked(self) -> Result<(String, String), Failure> {
        fn texts(event: &impl Tracked) -> (String, String) {
            (event.key().to_string(), event.revision().to_string())
        }
        let body = self.body();
        Ok(match self.thing % 3 {
            0 => texts(&OrderItemUpdate::parse_unverified(body.as_bytes())?),
            1 => texts(&OrderStatusUpdate::parse_unverified(body.as_bytes())?),
            _ => texts(&Notification::parse_unverified(body.as_bytes())?),
        })
    }
}

/// `SplitMix64`, the sort of generator that needs no crate.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
