//! The end of the program, in good order.

use std::sync::PoisonError;

use super::AuthorizationManager;
use crate::Error;

impl AuthorizationManager {
    /// Waits for renewals, for codes that are being redeemed, for the question whether somebody agreed on another device
    /// and for changes of the registration, and stores what could not be stored so far. To be called before the program
    /// ends: a runtime that is shut down drops its tasks where they stand, and if that is between the authorization
    /// server's answer and the store, the new refresh token is gone and the old one is spent. Takes no longer
    /// than a renewal does; without one, no time at all.
    ///
    /// # Errors
    /// When the store still does not take a renewed grant: it ends with the program.
    pub async fn settle(&self) -> Result<(), Error> {
        let flight = self.inner.flight.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(flight) = flight {
            // Whoever asked for it is told how it went.
            let _ = flight.await;
        }
        drop(self.inner.unfinished.write().await);
        let mut slot = self.inner.unsaved.lock().await;
        Ok(self.inner.save(&mut slot).await?)
    }
}
