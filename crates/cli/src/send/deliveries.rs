//! What the command line asks to be sent.

use std::io::Read as _;

use order_webhooks::bandwidth::{Notification, OrderStatus, OrderType, PortOutValidationRequest};
use order_webhooks::musement::OrderItemStatus;
use order_webhooks::porterbuddy::OrderStatus as PorterbuddyStatus;
use order_webhooks::testing::{
    Delivery, Payload, Random, Sender, bandwidth, musement, porterbuddy, reordered,
};

use crate::secrets::Secrets;
use crate::send::args::{self, Bare, Webhook, Which};
use crate::webhooks::Kind;

/// The deliveries, in the order in which they are to be sent.
pub(super) fn deliveries(webhook: &Webhook) -> Result<Vec<Delivery>, String> {
    let how = webhook.how();
    let mut random = Random::new(how.seed);
    let mut deliveries = Vec::new();
    let once = once(webhook, &Secrets::open(&how.secrets)?)?;
    if once.is_empty() {
        return Err("--all sends nothing: no status of this order type is documented".to_owned());
    }
    for _ in 0..how.repeat {
        for delivery in &once {
            let mut delivery = delivery.clone();
            if how.damage {
                delivery = delivery.damaged(&mut random);
            }
            if let Some(forgery) = how.forge {
                delivery = delivery.forged(forgery);
            }
            deliveries.push(delivery);
        }
    }
    if how.double {
        deliveries = deliveries.into_iter().flat_map(|it| [it.restarted(), it]).collect();
    }
    if how.reorder {
        deliveries = reordered(deliveries, &mut random);
    }
    if how.replay {
        let replayed: Vec<_> = deliveries.iter().map(Delivery::replayed).collect();
        deliveries.extend(replayed);
    }
    Ok(deliveries)
}

fn once(webhook: &Webhook, secrets: &Secrets) -> Result<Vec<Delivery>, String> {
    let url = webhook.how().url.clone();
    Ok(match webhook {
        Webhook::Musement { which, .. } => {
            let sender = Kind::Musement.sender(url, secrets)?;
            let mut update = musement::order_item_update();
            if let Some(status) = &which.status {
                update.order_item_status = OrderItemStatus::from(&**status);
            }
            sent(&sender, which, &update, &musement::order_item_updates())?
        }
        Webhook::Porterbuddy { which, .. } => {
            let sender = Kind::Porterbuddy.sender(url, secrets)?;
            let mut update = porterbuddy::order_status_update();
            if let Some(status) = &which.status {
                // `Other` keeps the spelling of the command line.
                update.order_status = PorterbuddyStatus::Other(status.as_str().into());
            }
            sent(&sender, which, &update, &porterbuddy::order_status_updates())?
        }
        Webhook::Notification { what, bare, .. } => {
            let sender = without_body(Kind::Notification.sender(url, secrets)?, bare);
            let form = |event| if what.e164 { bandwidth::in_e164(event) } else { event };
            let all: Vec<_> = notifications(what).into_iter().map(form).collect();
            sent(&sender, &what.which, &form(notification(what)), &all)?
        }
        Webhook::PortOut { what, bare, .. } => {
            let sender = without_body(Kind::PortOut.sender(url, secrets)?, bare);
            one(&sender, what.body.as_deref(), &port_out(what))?
        }
        Webhook::V2 { body, credentials, .. } => {
            let mut sender = Kind::V2.sender(url, secrets)?;
            if *credentials {
                sender = sender.with_credentials_when_asked(&secrets.bandwidth()?.0);
            }
            one(&sender, body.as_deref(), &bandwidth::v2_placeholder())?
        }
    })
}

fn without_body(sender: Sender, bare: &Bare) -> Sender {
    if bare.no_bare_body { sender.without_bare_body() } else { sender }
}

fn sent<P: Payload>(
    sender: &Sender,
    which: &Which,
    one_of_it: &P,
    all: &[P],
) -> Result<Vec<Delivery>, String> {
    if which.all {
        return Ok(all.iter().map(|payload| sender.delivery(payload)).collect());
    }
    one(sender, which.body.as_deref(), one_of_it)
}

fn one(
    sender: &Sender,
    file: Option<&str>,
    payload: &impl Payload,
) -> Result<Vec<Delivery>, String> {
    Ok(vec![match file {
        Some(file) => sender.delivery(&body(file)?),
        None => sender.delivery(payload),
    }])
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
fn notifications(what: &args::Notification) -> Vec<Notification> {
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

fn notification(what: &args::Notification) -> Notification {
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
    let status = what.which.status.as_deref().map_or_else(|| usual.clone(), OrderStatus::from);
    bandwidth::order_notification_of(order_type, status)
}

fn port_out(what: &args::PortOut) -> PortOutValidationRequest {
    let mut request = bandwidth::port_out_request();
    for (given, field) in [
        (&what.pin, &mut request.pin),
        (&what.account, &mut request.account_number),
        (&what.zip, &mut request.zip_code),
        (&what.name, &mut request.subscriber_name),
        (&what.pon, &mut request.pon),
    ] {
        if let Some(given) = given {
            *field = Some(given.clone()).filter(|text| !text.is_empty());
        }
    }
    if let Some(numbers) = &what.numbers {
        let numbers = numbers.split(',').map(str::trim).filter(|number| !number.is_empty());
        request.telephone_numbers = numbers.map(Into::into).collect();
    }
    request
}
