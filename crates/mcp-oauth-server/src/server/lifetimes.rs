//! How long things live.

use std::time::{Duration, SystemTime};

/// How long what the server hands out lives.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Lifetimes {
    /// How long a consent page can be answered. Default 10 minutes.
    pub consent: Duration,
    /// Authorization codes; 10 minutes is the most that OAuth 2.1 §4.1.2 recommends. Default 60 seconds.
    pub code: Duration,
    /// Access tokens. Default 15 minutes.
    pub access_token: Duration,
    /// A refresh token that is not used. Default 30 days.
    pub refresh_token: Duration,
    /// A grant, however often it is refreshed. Default 180 days.
    pub grant: Duration,
    /// The secrets of clients that register themselves; `None` is for ever. Default `None`.
    pub client_secret: Option<Duration>,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            consent: Duration::from_secs(10 * 60),
            code: Duration::from_secs(60),
            access_token: Duration::from_secs(15 * 60),
            refresh_token: 30 * DAY,
            grant: 180 * DAY,
            client_secret: None,
        }
    }
}

/// The end of the second in which a moment lies: JWTs and `expires_in` count in whole seconds, and a token must not end before
/// the moment that its client was told.
pub(crate) fn whole_second(moment: SystemTime) -> SystemTime {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let rest = match since.subsec_nanos() {
        0 => Duration::ZERO,
        nanos => Duration::from_nanos(1_000_000_000_u64.saturating_sub(nanos.into())),
    };
    moment.checked_add(rest).unwrap_or(moment)
}

/// When a lifetime that begins now ends. One that is too long to be written down ends in the year 10000.
pub(crate) fn end_of(now: SystemTime, lifetime: Duration) -> SystemTime {
    const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);
    let latest = SystemTime::UNIX_EPOCH + YEAR_10000;
    now.checked_add(lifetime).map_or(latest, |end| end.min(latest))
}

#[cfg(test)]
mod tests;
