use super::*;

const INGEST: ListenerNames = ListenerNames { name: "ingest", token_variable: "INGEST_TOKEN" };

fn access(token: Option<&str>) -> Access {
    Access::open(INGEST, AccessFiles::default(), token.map(Into::into)).unwrap()
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
        assert_eq!(access(None).check_exposure(address, false).is_ok(), is_fine, "{address}");
        assert!(access(None).check_exposure(address, true).is_ok());
        assert!(access(Some("0123456789abcdef")).check_exposure(address, false).is_ok());
    }
}

#[test]
fn the_error_says_which_option_to_give() {
    let address = "0.0.0.0:9465".parse().unwrap();
    assert_eq!(
        access(None).check_exposure(address, false).unwrap_err().to_string(),
        "--ingest 0.0.0.0:9465 is not a loopback address: give --ingest-token-file, or \
         --allow-unauthenticated if the network keeps others out"
    );
}
