//! Driving futures by hand.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

/// Begins the work of a future; whether it is done already. It goes on when it is awaited.
pub(crate) fn start(future: Pin<&mut (impl Future<Output = ()> + ?Sized)>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Waits for `main`, while `beside` goes on as far as it gets by then.
pub(crate) async fn with<T>(beside: impl Future<Output = ()>, main: impl Future<Output = T>) -> T {
    let (mut beside, mut main) = (pin!(beside), pin!(main));
    let mut is_done = false;
    poll_fn(|context| {
        is_done = is_done || beside.as_mut().poll(context).is_ready();
        main.as_mut().poll(context)
    })
    .await
}
