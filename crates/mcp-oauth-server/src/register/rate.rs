//! A limit on registrations: they cost memory, and anybody may ask.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A bucket that holds one minute's registrations and fills evenly.
#[derive(Debug)]
pub(crate) struct RegistrationRate {
    per_minute: u32,
    bucket: Mutex<Option<Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is left, in registrations.
    left: f64,
    filled_at: SystemTime,
}

impl RegistrationRate {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, bucket: Mutex::new(None) }
    }

    /// True when one more may register.
    pub(crate) fn admit(&self, now: SystemTime) -> bool {
        let full = f64::from(self.per_minute);
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let last = bucket.unwrap_or(Bucket { left: full, filled_at: now });
        let passed = now.duration_since(last.filled_at).unwrap_or(Duration::ZERO);
        let left = (last.left + passed.as_secs_f64() * full / 60.0).min(full);
        let admitted = left >= 1.0;
        *bucket = Some(Bucket { left: if admitted { left - 1.0 } else { left }, filled_at: now });
        admitted
    }
}

#[cfg(test)]
mod tests;
