use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_is_written_is_read(
        number in any::<u64>(), wide in 0..u128::MAX >> 2, option in any::<Option<u64>>(), text in ".*",
        counts in prop::collection::vec(prop_oneof![Just(0), any::<u64>()], 0..20),
    ) {
        let mut encoder = Encoder::default();
        encoder.number(number);
        encoder.number(wide);
        encoder.option(option);
        encoder.text(&text);
        encoder.counts(&counts);
        encoder.list(counts.iter(), |encoder, count| encoder.number(*count));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        prop_assert_eq!(decoder.number::<u64>(), Ok(number));
        prop_assert_eq!(decoder.number::<u128>(), Ok(wide));
        prop_assert_eq!(decoder.option(), Ok(option));
        prop_assert_eq!(decoder.text(), Ok(text.as_str()));
        let mut read = vec![0; counts.len()];
        prop_assert_eq!(decoder.counts(&mut read), Ok(()));
        prop_assert_eq!(&read, &counts);
        prop_assert_eq!(decoder.list(Decoder::number::<u64>), Ok(counts));
        prop_assert_eq!(decoder.finish(), Ok(()));
    }

    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut decoder = Decoder::new(&bytes);
        while decoder.list(Decoder::option).is_ok() && decoder.counts(&mut [0; 4]).is_ok() {}
        prop_assert!(decoder.finish().is_err() || bytes.len() < 40);
    }
}

#[test]
fn a_length_beyond_the_bytes_reserves_nothing() {
    let mut encoder = Encoder::default();
    encoder.number(u64::MAX);
    let bytes = encoder.finish();
    assert_eq!(Decoder::new(&bytes).bytes().unwrap_err().rule, "the bytes end too early");
    assert!(Decoder::new(&bytes).list(Decoder::option).is_err());
}
