use super::*;

#[test]
fn each_reason_is_counted_for_itself() {
    let refused = RefusedRequests::default();
    for (reason, times) in RefusalReason::ALL.into_iter().zip(1..) {
        (0..times).for_each(|_| refused.count(reason));
    }
    assert_eq!(RefusalReason::ALL.map(|reason| refused.read(reason)), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn reasons_are_in_the_order_of_their_texts() {
    assert!(RefusalReason::ALL.is_sorted_by_key(|reason| reason.as_str()));
}
