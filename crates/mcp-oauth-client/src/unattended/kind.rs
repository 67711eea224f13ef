//! Which grant a manager uses, and what is sent for it.

use mcp_oauth_core::{Assertion, GrantType, Issuer, ScopeSet};

use super::{EnterpriseManaged, WorkloadIdentity};
use crate::Policy;
use crate::grant::GrantKind;
use crate::registration::Home;
use crate::token::{Form, Parameter};

/// Which of them a manager uses.
#[derive(Debug, Clone)]
pub(crate) enum Unattended {
    ClientCredentials,
    Enterprise(EnterpriseManaged),
    Workload(WorkloadIdentity),
}

impl Unattended {
    /// What becomes of it.
    pub(crate) fn kind(&self) -> GrantKind {
        match self {
            Self::ClientCredentials => GrantKind::ClientCredentials,
            Self::Enterprise(_) => GrantKind::EnterpriseManaged,
            Self::Workload(_) => GrantKind::WorkloadIdentity,
        }
    }

    /// As a manager uses it: what does not say itself where it belongs, belongs to `configured`.
    pub(crate) fn settled(self, configured: Option<&Issuer>, policy: &Policy) -> Self {
        match self {
            Self::Workload(workload) => Self::Workload(workload.settled(configured, policy)),
            Self::ClientCredentials | Self::Enterprise(_) => self,
        }
    }

    /// Where its assertions belong, if that is configured.
    pub(crate) fn home(&self) -> Option<&Home> {
        match self {
            Self::Workload(workload) => workload.home(),
            Self::ClientCredentials | Self::Enterprise(_) => None,
        }
    }

    /// The grant type of the request to the MCP server's authorization server.
    pub(crate) fn grant_type(&self) -> GrantType {
        match self {
            Self::ClientCredentials => GrantType::ClientCredentials,
            Self::Enterprise(_) | Self::Workload(_) => GrantType::JwtBearer,
        }
    }
}

/// RFC 6749 §4.4.2.
pub(crate) fn client_credentials_form<'a>(resource: Option<Parameter<'a>>, scopes: &ScopeSet) -> Form<'a> {
    form(vec![("grant_type", "client_credentials".into())], resource, scopes)
}

/// RFC 7523 §2.1.
pub(crate) fn assertion_form<'a>(
    assertion: &'a Assertion,
    resource: Option<Parameter<'a>>,
    scopes: &ScopeSet,
) -> Form<'a> {
    let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    form(vec![("grant_type", grant_type.into()), ("assertion", assertion.expose().into())], resource, scopes)
}

pub(super) fn form<'a>(mut form: Form<'a>, resource: Option<Parameter<'a>>, scopes: &ScopeSet) -> Form<'a> {
    form.extend(resource);
    if !scopes.is_empty() {
        form.push(("scope", scopes.to_string().into()));
    }
    form
}
