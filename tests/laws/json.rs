//! Bodies of JSON, put together for the tables: they go through the webhooks of
//! Musement and of Porterbuddy.

use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use serde_json::Value;

use crate::outcome;
use fixtures::samples::{JEFE, ORDER_ITEM, ORDER_STATUS, U_P, secret, u_p};

pub(crate) fn musement(body: &[u8]) -> Result<OrderItemUpdate, String> {
    outcome(&OrderItemWebhook::new(u_p()), &[("authorization", U_P.as_bytes())], body)
}

pub(crate) fn porterbuddy(body: &[u8]) -> Result<OrderStatusUpdate, String> {
    let webhook = OrderWebhook::new(&secret(JEFE));
    let signature = webhook.signature().sign(body);
    outcome(&webhook, &[("x-porterbuddy-hmac-sha256", signature.as_bytes())], body)
}

/// A provider: its sample, its required fields, and its event as JSON.
#[derive(Clone, Copy)]
pub(crate) struct Provider {
    pub(crate) sample: &'static str,
    pub(crate) required: &'static [&'static str],
    pub(crate) read: fn(&[u8]) -> Result<Value, String>,
}

pub(crate) const PROVIDERS: [Provider; 2] = [
    Provider {
        sample: ORDER_ITEM,
        required: &["order_uuid", "order_item_uuid", "order_item_status"],
        read: |body| musement(body).map(|event| serde_json::to_value(event).unwrap()),
    },
    Provider {
        sample: ORDER_STATUS,
        required: &["orderId", "orderStatus"],
        read: |body| porterbuddy(body).map(|event| serde_json::to_value(event).unwrap()),
    },
];

impl Provider {
    /// The names of the fields that are required, or of the others.
    pub(crate) fn names(&self, required: bool) -> Vec<String> {
        let names = fields(self.sample).into_iter().map(|(name, _)| name);
        names.filter(|name| self.required.contains(&&**name) == required).collect()
    }

    /// The event of the sample.
    pub(crate) fn event(&self) -> Value {
        (self.read)(self.sample.as_bytes()).unwrap()
    }

    /// The sample without this field.
    pub(crate) fn without(&self, name: &str) -> String {
        let others = fields(self.sample).into_iter().filter(|(other, _)| other != name);
        let others: Vec<_> = others.map(|(_, field)| field).collect();
        object(others.iter().map(String::as_str))
    }

    /// The sample with this text in the place of the value of a field, and the
    /// column at which the text stands.
    pub(crate) fn with(&self, field: &str, value: &str) -> (String, usize) {
        let line = in_one_line(self.sample);
        let at = line.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
        let end = at + 1 + line[at + 1..].find('"').unwrap() + 1;
        (format!("{}{value}{}", &line[..at], &line[end..]), at + 1)
    }
}

pub(crate) fn in_one_line(sample: &str) -> String {
    sample.replace("\": \"", "\":\"").replace("\n  ", "").replace('\n', "")
}

/// The fields of a sample, as `"order_id":"13459345"`, and their names.
pub(crate) fn fields(sample: &str) -> Vec<(String, String)> {
    let line = in_one_line(sample);
    let fields = line[1..line.len() - 1].split(",\"").map(|field| field.trim_start_matches('"'));
    fields.map(|field| (field.split('"').next().unwrap().into(), format!("\"{field}"))).collect()
}

pub(crate) fn object<'f>(fields: impl IntoIterator<Item = &'f str>) -> String {
    format!("{{{}}}", fields.into_iter().collect::<Vec<_>>().join(","))
}
