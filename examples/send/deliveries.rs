//! What the command line asks to be sent.

use std::io::Read as _;

use order_webhooks::bandwidth::{Notification, OrderStatus, OrderType, PortOutValidationRequest};
use order_webhooks::musement::OrderItemStatus;
use order_webhooks::porterbuddy::OrderStatus as PorterbuddyStatus;
use order_webhooks::testing::{
    Delivery, Payload, Random, Sender, bandwidth, doubled, musement, porterbuddy, reordered,
};
use order_webhooks::{Credentials, Secret};

use super::args::{Args, Webhook, What};

/// The deliveries, in the order in which they are to be sent.
pub(crate) fn deliveries(args: &Args) -> Result<Vec<Delivery>, String> {
    let mut sender = sender(args)?;
    if !args.how.bare_body {
        sender = sender.without_bare_body();
    }
    let mut random = Random::new(args.how.seed);
    let mut deliveries = Vec::new();
    let once = once(args, &sender)?;
    for _ in 0..args.how.repeat {
        for delivery in &once {
            let mut delivery = delivery.clone();
            if args.how.damage {
                delivery = delivery.damaged(&mut random);
            }
            if let Some(forgery) = args.how.forge {
                delivery = delivery.forged(forgery);
            }
            deliveries.push(delivery);
        }
    }
    if args.how.double {
        deliveries = doubled(deliveries, &mut random);
    }
    if args.how.reorder {
        deliveries = reordered(deliveries, &mut random);
    }
    if args.how.replay {
        let replayed: Vec<_> = deliveries.iter().map(Delivery::replayed).collect();
        deliveries.extend(replayed);
    }
    Ok(deliveries)
}

fn sender(args: &Args) -> Result<Sender, String> {
    let url = args.url.clone();
    let credentials = |provider| {
        let (username, password) = args.who.credentials(provider)?;
        Credentials::new(&username, &password).map_err(|error| error.to_string())
    };
    let secret = |name, default| {
        Secret::new(args.who.key(name, default)?).map_err(|error| error.to_string())
    };
    Ok(match args.webhook {
        Webhook::Musement => Sender::musement(url, &credentials("MUSEMENT")?),
        Webhook::Porterbuddy => {
            Sender::porterbuddy(url, &secret("PORTERBUDDY_API_KEY", "porterbuddy-api-key")?)
        }
        Webhook::Notification => Sender::notifications(url, &credentials("BANDWIDTH")?),
        Webhook::PortOut => Sender::port_out(url, &credentials("BANDWIDTH")?),
        Webhook::V2 => {
            let secret = secret("BANDWIDTH_SECRET", "bandwidth-secret")?;
            let sender = Sender::subscription_v2(url, &secret);
            if args.who.gives_credentials() {
                sender.with_credentials_when_asked(&credentials("BANDWIDTH")?)
            } else {
                sender
            }
        }
    })
}

fn once(args: &Args, sender: &Sender) -> Result<Vec<Delivery>, String> {
    let what = &args.what;
    if let Some(file) = &what.body {
        return Ok(vec![sender.delivery(&body(file)?)]);
    }
    Ok(match args.webhook {
        Webhook::Musement => {
            let mut update = musement::order_item_update();
            if let Some(status) = &what.status {
                update.order_item_status = OrderItemStatus::from(&**status);
            }
            if what.all {
                all(sender, &musement::order_item_updates())
            } else {
                one(sender, &update)
            }
        }
        Webhook::Porterbuddy => {
            let mut update = porterbuddy::order_status_update();
            if let Some(status) = &what.status {
                // `Other` keeps the spelling of the command line.
                update.order_status = PorterbuddyStatus::Other(status.as_str().into());
            }
            if what.all {
                all(sender, &porterbuddy::order_status_updates())
            } else {
                one(sender, &update)
            }
        }
        Webhook::Notification if what.all => all(sender, &notifications(what)),
        Webhook::Notification => one(sender, &notification(what)),
        Webhook::PortOut => one(sender, &port_out(what)),
        Webhook::V2 => one(sender, &bandwidth::v2_placeholder()),
    })
}

fn one(sender: &Sender, payload: &impl Payload) -> Vec<Delivery> {
    vec![sender.delivery(payload)]
}

fn all(sender: &Sender, payloads: &[impl Payload]) -> Vec<Delivery> {
    payloads.iter().map(|payload| sender.delivery(payload)).collect()
}

fn body(file: &str) -> Result<Vec<u8>, String> {
    if file == "-" {
        let mut body = Vec::new();
        std::io::stdin().read_to_end(&mut body).map_err(|error| error.to_string())?;
        return Ok(body);
    }
    std::fs::read(file).map_err(|error| format!("{file}: {error}"))
}

/// Every status of the type that is asked for, or of all types.
fn notifications(what: &What) -> Vec<Notification> {
    let mut notifications = bandwidth::order_notifications();
    if let Some(order_type) = &what.order_type {
        let order_type = OrderType::from(&**order_type);
        notifications.retain(|notification| {
            let Notification::Order(order) = notification else { return false };
            order.order_type.as_ref() == Some(&order_type)
        });
    }
    notifications
}

fn notification(what: &What) -> Notification {
    if what.event {
        return bandwidth::event_notification();
    }
    let order_type = what.order_type.as_deref().map(OrderType::from);
    if what.note {
        let mut note = bandwidth::note_notification();
        if let (Notification::Note(note), Some(_)) = (&mut note, &order_type) {
            note.order.order_type = order_type;
        }
        return note;
    }
    let order_type = order_type.unwrap_or(OrderType::Orders);
    let first = order_type.statuses().iter().find(|status| **status == OrderStatus::Complete);
    let usual = first.or(order_type.statuses().last()).unwrap_or(&OrderStatus::Complete);
    let status = what.status.as_deref().map_or_else(|| usual.clone(), OrderStatus::from);
    bandwidth::order_notification_of(order_type, status)
}

fn port_out(what: &What) -> PortOutValidationRequest {
    let filled = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let mut request = bandwidth::port_out_request();
    if let Some(pin) = &what.pin {
        request = request.with_pin(filled(pin).as_deref());
    }
    if let Some(account) = &what.account {
        request = request.with_account_number(filled(account).as_deref());
    }
    if let Some(zip) = &what.zip {
        request = request.with_zip_code(filled(zip).as_deref());
    }
    if let Some(name) = &what.name {
        request = request.with_subscriber_name(filled(name).as_deref());
    }
    if let Some(pon) = &what.pon {
        request = request.with_pon(filled(pon).as_deref());
    }
    if let Some(numbers) = &what.numbers {
        let numbers = numbers.split(',').map(str::trim).filter(|number| !number.is_empty());
        request = request.with_telephone_numbers(numbers);
    }
    request
}
