//! Which listener needs a token.

use std::net::SocketAddr;

use super::{Door, DoorError, Listener};

/// Refuses a listener that other machines may reach and that asks for no token, unless that is `allowed`.
/// A token without TLS is only warned of: TLS may end elsewhere, as in a service mesh.
///
/// # Errors
/// [`DoorError::Exposed`].
pub fn check(listener: Listener, address: SocketAddr, door: &Door, allowed: bool) -> Result<(), DoorError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if !door.asks_for_token() {
        return if allowed { Ok(()) } else { Err(DoorError::Exposed { listener, address }) };
    }
    if !door.is_tls() {
        let option = listener.option();
        tracing::warn!(option, %address, "tokens cross the network in clear unless TLS ends before this listener");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::DoorFiles;

    fn door(token: Option<&str>) -> Door {
        Door::open(Listener::Ingest, DoorFiles::default(), token.map(Into::into)).unwrap()
    }

    #[test]
    fn only_loopback_addresses_need_no_token() {
        for (address, is_fine) in [
            ("127.0.0.1:9465", true),
            ("127.9.9.9:9465", true),
            ("[::1]:9465", true),
            ("[::ffff:127.0.0.1]:9465", true),
            ("0.0.0.0:9465", false),
            ("[::]:9465", false),
            ("10.0.0.1:9465", false),
            ("[::ffff:10.0.0.1]:9465", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(check(Listener::Ingest, address, &door(None), false).is_ok(), is_fine, "{address}");
            assert!(check(Listener::Ingest, address, &door(None), true).is_ok());
            assert!(check(Listener::Ingest, address, &door(Some("0123456789abcdef")), false).is_ok());
        }
    }

    #[test]
    fn the_refusal_says_what_to_give() {
        let address = "0.0.0.0:9465".parse().unwrap();
        assert_eq!(
            check(Listener::Ingest, address, &door(None), false).unwrap_err().to_string(),
            "--ingest 0.0.0.0:9465 is not a loopback address: give --ingest-token-file, or \
             --allow-unauthenticated if the network keeps others out"
        );
    }
}
