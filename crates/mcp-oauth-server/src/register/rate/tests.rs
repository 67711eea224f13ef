use std::time::{Duration, SystemTime};

use super::RegistrationRate;

#[test]
fn a_minute_holds_its_number_and_no_more() {
    let start = SystemTime::UNIX_EPOCH;
    let rate = RegistrationRate::new(2);
    assert!(rate.admit(start) && rate.admit(start));
    assert!(!rate.admit(start));
    assert!(!rate.admit(start + Duration::from_secs(29)));
    assert!(rate.admit(start + Duration::from_secs(60)));
    assert!(rate.admit(start), "a clock that goes back does not empty the bucket");
    assert!(!rate.admit(start));
}
