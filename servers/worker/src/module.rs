//! What the host calls.
//!
//! It asks for [`room`], writes a message there, calls [`receive`], and reads the
//! answer at [`answer_at`]. A message is a line of JSON, [`Asked`] or [`Answered`],
//! and after it the body as it is.

use std::mem;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Response, StatusCode};
use order_webhooks::Head;
use order_webhooks::webhook::Answer;
use serde::{Deserialize, Serialize};
use shop::Webhooks;

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Answered {
    status: u16,
    headers: Vec<(String, String)>,
}

static WEBHOOKS: LazyLock<Webhooks> =
    LazyLock::new(|| Webhooks::new().expect("the sample secrets are not empty"));
static MESSAGE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Room for a message of this length.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    let mut message = lock(&MESSAGE);
    message.clear();
    message.resize(length, 0);
    message.as_mut_ptr()
}

/// Takes the message, and leaves its answer. A panic ends this call, not the
/// module: then the answer is the one that stood by.
#[unsafe(no_mangle)]
pub extern "C" fn receive() {
    let keep = |answer: Response<Bytes>| *lock(&ANSWER) = written(answer);
    keep(Answer::empty(StatusCode::INTERNAL_SERVER_ERROR).to_response());
    let message = mem::take(&mut *lock(&MESSAGE));
    let line = message.iter().position(|byte| *byte == b'\n').unwrap_or(message.len());
    let (head, body) = message.split_at(line);
    if let Ok(Asked { method, path, headers }) = serde_json::from_slice(head) {
        let headers = headers.as_slice();
        let head = Head::new(&method, &headers);
        let body = body.strip_prefix(b"\n").unwrap_or_default();
        keep(super::answer(&WEBHOOKS, &path, &head, body, |answer| keep(answer.to_response())));
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn answer_at() -> *const u8 {
    lock(&ANSWER).as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn answer_length() -> usize {
    lock(&ANSWER).len()
}

fn written(answer: Response<Bytes>) -> Vec<u8> {
    let (head, body) = answer.into_parts();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let head = Answered { status: head.status.as_u16(), headers: headers.collect() };
    let mut written = serde_json::to_vec(&head).unwrap_or_default();
    written.push(b'\n');
    written.extend_from_slice(&body);
    written
}

fn lock(message: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    message.lock().unwrap_or_else(PoisonError::into_inner)
}
