//! Whether the clocks differ: what most often makes a good proof bad.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

/// How far `now` is ahead of an answer's `Date` in seconds, negative when it is behind. `None` when the answer has no date
/// that can be read, or the difference is too small to matter.
pub(crate) fn clock_skew(answer: &HeaderMap, now: SystemTime) -> Option<i64> {
    let date = parse(answer.get(DATE)?.to_str().ok()?)?;
    let seconds = |difference: Duration| i64::try_from(difference.as_secs()).unwrap_or(i64::MAX);
    let ahead = match now.duration_since(date) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    };
    (ahead.abs() >= 30).then_some(ahead)
}

/// `IMF-fixdate` (RFC 9110 §5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`: the only form that is sent.
fn parse(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|known| *known == month)?;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut time = words.next()?.split(':');
    let mut part = |limit| time.next()?.parse::<u64>().ok().filter(|part| *part < limit);
    let (hour, minute, second) = (part(24)?, part(60)?, part(61)?);
    // Days before the year, its leap days included, then those before the month.
    let leap_days = |year: u64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let before_month = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334].get(month)?;
    let leap = u64::from(is_leap && month > 1);
    let days = (year - 1970) * 365 + leap_days(year) - leap_days(1970) + before_month + leap + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn skew(date: &'static str, now: u64) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static(date));
        clock_skew(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(now))
    }

    #[test]
    fn dates_of_answers() {
        // RFC 9110 §5.6.7.
        assert_eq!(skew("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777 + 400), Some(400));
        assert_eq!(skew("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777 - 400), Some(-400));
        assert_eq!(skew("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777 + 29), None);
        assert_eq!(skew("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199 + 60), Some(60));
        assert_eq!(skew("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200 + 60), Some(60));
        for bad in
            ["", "soon", "Sun, 06 Nov", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"]
        {
            assert_eq!(skew(bad, 0), None, "{bad}");
        }
    }
}
