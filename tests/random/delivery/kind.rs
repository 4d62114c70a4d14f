//! The kinds of deliveries, and their senders.

use order_webhooks::bandwidth::Notification;
use order_webhooks::testing::{self, Delivery, Sender};
use order_webhooks::{Credentials, Secret};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Musement,
    Porterbuddy,
    Notification,
    PortOut,
    V2,
    V2WithCredentials,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Musement,
        Self::Porterbuddy,
        Self::Notification,
        Self::PortOut,
        Self::V2,
        Self::V2WithCredentials,
    ];

    fn path(self) -> &'static str {
        match self {
            Self::Musement => "/musement",
            Self::Porterbuddy => "/porterbuddy",
            Self::Notification => "/notification",
            Self::PortOut => "/port-out",
            Self::V2 => "/v2",
            Self::V2WithCredentials => "/v2-with-credentials",
        }
    }

    pub(crate) fn shows_credentials(self) -> bool {
        !matches!(self, Self::Porterbuddy | Self::V2)
    }

    pub(crate) fn sender(self) -> Sender {
        let (url, credentials) = (self.path().parse().unwrap(), credentials());
        match self {
            Self::Musement => Sender::musement(url, &credentials),
            Self::Porterbuddy => Sender::porterbuddy(url, &key()),
            Self::Notification => Sender::notifications(url, &credentials),
            Self::PortOut => Sender::port_out(url, &credentials),
            Self::V2 => Sender::subscription_v2(url, &key()),
            Self::V2WithCredentials => {
                Sender::subscription_v2(url, &key()).with_credentials_when_asked(&credentials)
            }
        }
    }

    /// The delivery of an event that has this number in it.
    pub(crate) fn delivery(self, sender: &Sender, number: usize) -> Delivery {
        match self {
            Self::Musement => {
                let mut update = testing::musement::order_item_update();
                update.order_item_version = Some(number as u64);
                sender.delivery(&update)
            }
            Self::Porterbuddy => {
                let mut update = testing::porterbuddy::order_status_update();
                update.order_id = number.to_string();
                sender.delivery(&update)
            }
            Self::Notification => {
                let mut notification = testing::bandwidth::order_notification();
                let Notification::Order(order) = &mut notification else { unreachable!() };
                order.order_id = Some(number.to_string());
                sender.delivery(&notification)
            }
            Self::PortOut => {
                let mut request = testing::bandwidth::port_out_request();
                request.pon = Some(number.to_string());
                sender.delivery(&request)
            }
            Self::V2 | Self::V2WithCredentials => {
                sender.delivery(&serde_json::json!({ "number": number }))
            }
        }
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("u", "p:q").unwrap()
}

pub(crate) fn key() -> Secret {
    Secret::new("key").unwrap()
}
