use std::time::{Duration, SystemTime};

use super::BoundedMap;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn it_forgets_what_expired_and_then_the_oldest() {
    let mut map = BoundedMap::new(2);
    map.insert("a", 1, Some(at(10)), at(0));
    map.insert("b", 2, None, at(0));
    assert_eq!(map.get("a", at(9)), Some(&1));
    assert_eq!(map.get("a", at(10)), None, "the end is not part of the life");
    map.insert("c", 3, None, at(10));
    assert_eq!((map.get("b", at(10)), map.get("c", at(10))), (Some(&2), Some(&3)), "the expired one went");
    map.insert("d", 4, None, at(10));
    assert_eq!((map.get("b", at(10)), map.get("d", at(10))), (None, Some(&4)), "the oldest one went");
    assert_eq!((map.entries.len(), map.order.len()), (2, 2));
}

#[test]
fn a_replaced_entry_is_young_again_and_a_taken_one_is_gone() {
    let mut map = BoundedMap::new(2);
    map.insert("a", 1, None, at(0));
    map.insert("b", 2, None, at(0));
    map.insert("a", 3, None, at(0));
    map.insert("c", 4, None, at(0));
    assert_eq!((map.get("a", at(0)), map.get("b", at(0))), (Some(&3), None));
    assert_eq!((map.take("a", at(0)), map.take("a", at(0))), (Some(3), None));
    assert_eq!(map.order.len(), 1);
}
