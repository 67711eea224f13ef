//! What a person was asked lately, so that they are not asked again and again (MCP Security Best Practices, "Scope
//! Minimization"; C11.4, C11.5).

use std::collections::VecDeque;

use mcp_oauth_core::ScopeSet;
use tokio::time::Instant;

use super::Need;
use crate::error::LoginObstacle;
use crate::{AuthorizationReason, Limits};

/// Refusals and logins of one manager.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    refusals: VecDeque<Refusal>,
    logins: VecDeque<Login>,
}

/// Whether a person may be asked.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// Nobody was asked lately.
    First,
    /// Somebody was, so that the application is to be asked first.
    Again,
    /// No.
    No(LoginObstacle),
}

#[derive(Debug)]
struct Refusal {
    reason: AuthorizationReason,
    scopes: ScopeSet,
    until: Instant,
}

#[derive(Debug)]
struct Login {
    reason: AuthorizationReason,
    scopes: ScopeSet,
    /// A 401 is no matter of one operation.
    operation: Option<Box<str>>,
    at: Instant,
}

impl Memory {
    /// Whether a person may be asked for this now.
    pub(crate) fn judge(&mut self, need: &Need, limits: &Limits) -> Judgement {
        let now = Instant::now();
        self.refusals.retain(|refusal| refusal.until > now);
        self.logins.retain(|login| now.duration_since(login.at) < limits.login_window);
        let scopes = need.scopes();
        if let Some(refusal) = self.refusals.iter().find(|refusal| refusal.forbids(need, &scopes)) {
            return Judgement::No(LoginObstacle::RefusedLately { again_in: refusal.until - now });
        }
        let same = self.logins.iter().filter(|login| login.is_for(need, &scopes)).count();
        if same >= limits.logins_per_operation {
            return Judgement::No(LoginObstacle::TooMany { limit: limits.logins_per_operation });
        }
        if self.logins.len() >= limits.logins {
            return Judgement::No(LoginObstacle::TooMany { limit: limits.logins });
        }
        if self.logins.is_empty() { Judgement::First } else { Judgement::Again }
    }

    /// A person was asked, whatever they answered.
    pub(crate) fn asked(&mut self, need: &Need) {
        let reason = need.required.reason;
        let operation =
            (reason == AuthorizationReason::InsufficientScope).then(|| need.operation.as_str().into());
        self.logins.push_back(Login { reason, scopes: need.scopes(), operation, at: Instant::now() });
    }

    /// The login was refused, failed after the person was asked, or did not help.
    pub(crate) fn refused(&mut self, need: &Need, limits: &Limits) {
        let Some(until) = Instant::now().checked_add(limits.refusal_memory) else { return };
        if self.refusals.len() >= limits.remembered_refusals {
            self.refusals.pop_front();
        }
        self.refusals.push_back(Refusal { reason: need.required.reason, scopes: need.scopes(), until });
    }

    /// The application had a person log in: whatever was refused before, they are willing now.
    pub(crate) fn forget_refusals(&mut self) {
        self.refusals.clear();
    }
}

impl Refusal {
    /// Who refused some scopes is not asked for these and more either.
    fn forbids(&self, need: &Need, scopes: &ScopeSet) -> bool {
        let covered = if self.scopes.is_empty() { scopes.is_empty() } else { scopes.covers(&self.scopes) };
        self.reason == need.required.reason && (self.reason == AuthorizationReason::Unauthorized || covered)
    }
}

impl Login {
    fn is_for(&self, need: &Need, scopes: &ScopeSet) -> bool {
        let same_operation = self.operation.as_deref().is_none_or(|own| own == need.operation.as_str());
        let same_scopes = self.reason == AuthorizationReason::Unauthorized || self.scopes == *scopes;
        self.reason == need.required.reason && same_operation && same_scopes
    }
}

#[cfg(test)]
mod tests;
