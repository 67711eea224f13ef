//! Logins that requests begin, and token requests in their place where no person is needed: one for all who need the
//! same, in a task of its own, within limits.

use std::sync::{Arc, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use tokio::sync::oneshot;

use super::{AuthorizationManager, Inner};
use crate::Grant;
use crate::attendance::{Attendant, Judgement, LoginOccasion, Memory, Need};
use crate::error::LoginObstacle;

/// A login under way, and what for.
pub(super) struct UnderWay {
    need: Need,
    outcome: Outcome,
}

/// Who brings a login about.
#[derive(Clone)]
enum By {
    /// A person, who is reached by this.
    Person(Arc<Attendant>),
    /// Nobody: a token request will do.
    Nobody,
}

/// Whose login is waited for.
enum Joined {
    /// One that was begun for this.
    Begun,
    /// Another request's, for the same.
    Same,
    /// Another request's, for something else.
    Other,
}

type Outcome = Shared<BoxFuture<'static, Result<Arc<Grant>, LoginObstacle>>>;

impl AuthorizationManager {
    /// A grant that is not the refused one: of another login meanwhile, of the login under way, or of a new one.
    pub(crate) async fn log_in_for(
        &self,
        attendant: &Arc<Attendant>,
        need: &Need,
    ) -> Result<Arc<Grant>, LoginObstacle> {
        self.log_in_by(&By::Person(Arc::clone(attendant)), need).await
    }

    /// The same where no person is needed. It costs nobody's patience, but a server that is never content must not have
    /// every request ask for a token (C11.4, C11.5): the limits are the same.
    pub(crate) async fn step_up_alone(&self, need: &Need) -> Result<Arc<Grant>, LoginObstacle> {
        self.log_in_by(&By::Nobody, need).await
    }

    async fn log_in_by(&self, by: &By, need: &Need) -> Result<Arc<Grant>, LoginObstacle> {
        loop {
            if let Some(grant) = self.grant().filter(|grant| need.is_met_by(grant))
                && !grant.is_expired(self.inner.clock.now())
            {
                return Ok(grant);
            }
            let (outcome, joined) = self.join(by, need);
            let outcome = outcome.await;
            match joined {
                // It gave the very token that is refused here, and was not at its end yet.
                Joined::Same if outcome.as_ref().is_ok_and(|grant| need.is_refused(grant)) => {}
                Joined::Begun | Joined::Same => return outcome,
                // What comes of it may be what is needed here, too.
                Joined::Other => {}
            }
        }
    }

    /// A login made for this did not help: it is not tried again for a while.
    pub(crate) fn remember_useless(&self, need: &Need) {
        self.inner.memory().refused(need, &self.inner.policy.limits);
    }

    /// The login under way, or a new one.
    fn join(&self, by: &By, need: &Need) -> (Outcome, Joined) {
        let (outcome, tell) = {
            let mut slot = self.inner.attended.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(under_way) = &*slot {
                let joined = if under_way.need.is_same(need) { Joined::Same } else { Joined::Other };
                return (under_way.outcome.clone(), joined);
            }
            let (tell, told) = oneshot::channel();
            let outcome = async move { told.await.unwrap_or(Err(LoginObstacle::Stopped)) }.boxed().shared();
            *slot = Some(UnderWay { need: need.clone(), outcome: outcome.clone() });
            (outcome, tell)
        };
        // With the slot unlocked: a runtime that is closing drops the task at once, and that frees the slot.
        self.start(by.clone(), need.clone(), tell);
        (outcome, Joined::Begun)
    }

    /// In a task: whoever gave the request up has not given up the login, and the person may be half through it.
    fn start(&self, by: By, need: Need, tell: oneshot::Sender<Result<Arc<Grant>, LoginObstacle>>) {
        let landing = Landing(Arc::clone(&self.inner));
        let manager = self.clone();
        tokio::spawn(async move {
            let outcome = match by {
                By::Person(attendant) => manager.attend(&attendant, &need).await,
                By::Nobody => manager.ask_alone(&need).await,
            };
            drop(landing);
            // Whoever waited may have gone away.
            let _ = tell.send(outcome);
        });
    }

    async fn attend(&self, attendant: &Attendant, need: &Need) -> Result<Arc<Grant>, LoginObstacle> {
        let limits = &self.inner.policy.limits;
        let judgement = self.inner.memory().judge(need, limits);
        let is_first = match judgement {
            Judgement::No(obstacle) => return Err(obstacle),
            Judgement::First => need.refused.is_none() && self.grant().is_none(),
            Judgement::Again => false,
        };
        // A question that nobody answers would hold up every request that needs a login.
        let agrees = tokio::time::timeout(limits.session_lifetime, attendant.agrees(|| self.occasion(need)));
        if !is_first && !agrees.await.unwrap_or(false) {
            self.inner.memory().refused(need, limits);
            return Err(LoginObstacle::Declined);
        }
        let mut asked = false;
        let outcome = self.authorize_for(need, &*attendant.interaction, &mut asked).await;
        if asked {
            let mut memory = self.inner.memory();
            memory.asked(need);
            // A server that is down has refused nothing.
            if outcome.as_ref().is_err_and(|error| !error.is_retryable()) {
                memory.refused(need, limits);
            }
        }
        outcome.map_err(|error| LoginObstacle::Failed(Arc::new(error)))
    }

    async fn ask_alone(&self, need: &Need) -> Result<Arc<Grant>, LoginObstacle> {
        let limits = &self.inner.policy.limits;
        let judgement = self.inner.memory().judge(need, limits);
        if let Judgement::No(obstacle) = judgement {
            return Err(obstacle);
        }
        let refused = need.refused.as_ref().map(|refused| refused.access_token());
        let outcome = self.another(refused, &need.required.challenges).await;
        let mut memory = self.inner.memory();
        memory.asked(need);
        if outcome.as_ref().is_err_and(|error| !error.is_retryable()) {
            memory.refused(need, limits);
        }
        outcome.map_err(|error| LoginObstacle::Failed(Arc::new(error.into())))
    }

    fn occasion(&self, need: &Need) -> LoginOccasion {
        LoginOccasion {
            server: self.inner.server.clone(),
            reason: need.required.reason,
            scopes: need.required.scopes.clone(),
            needed: need.scopes(),
            operation: need.operation.as_str().to_owned(),
        }
    }
}

impl Inner {
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the slot when the login ends, also by a panic or before it began.
struct Landing(Arc<Inner>);

impl Drop for Landing {
    fn drop(&mut self) {
        *self.0.attended.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
