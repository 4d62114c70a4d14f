//! Serving with axum, with the bounds that `axum::serve` does not have.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::signal;

use crate::common::STOPS_WITHIN;
use crate::common::connections::{Connections, KEPT_FOR};

/// Serves until the process is asked to stop, and then answers what is under way.
///
/// `axum::serve` cannot be told any of this:
///
/// - A sender that has sent everything may close its half of the connection. Hyper
///   drops its request then, without an answer, unless `half_close` is set.
/// - Half a head would keep its connection for as long as the sender likes. Hyper's
///   time limit for heads counts while a connection is idle, too, so it has to be
///   longer than senders keep connections; [`Connections`] bounds their number.
/// - A stop waits for every connection, however long that takes.
pub(crate) async fn serve(listener: TcpListener, app: Router) {
    let mut http = http1::Builder::new();
    http.half_close(true).timer(TokioTimer::new()).header_read_timeout(KEPT_FOR);
    let (connections, graceful) = (Connections::default(), GracefulShutdown::new());
    let mut stopped = pin!(stopped());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let opened = accepted.and_then(|(stream, _)| Ok((connections.opened(&stream)?, stream)));
        let Ok((connection, stream)) = opened else {
            // Out of file descriptors, most likely: connections end meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let app = TowerToHyperService::new(app.clone());
        let service = service_fn(move |request| {
            let (answering, answer) = (connection.answers(), app.call(request));
            async move {
                let _answering = answering;
                answer.await
            }
        });
        tokio::spawn(graceful.watch(http.serve_connection(TokioIo::new(stream), service)));
    }
    drop(listener);
    let _ = tokio::time::timeout(STOPS_WITHIN, graceful.shutdown()).await;
}

/// Ends when the process is asked to stop.
async fn stopped() {
    #[cfg(unix)]
    {
        let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = signal::ctrl_c().await;
}
