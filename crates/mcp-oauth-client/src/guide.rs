//! Pages on one task each.

pub mod login {
    #![doc = include_str!("../docs/login.md")]
}

pub mod clients {
    #![doc = include_str!("../docs/clients.md")]
}

pub mod unattended {
    #![doc = include_str!("../docs/unattended.md")]
}

pub mod requests {
    #![doc = include_str!("../docs/requests.md")]
}

pub mod bound_tokens {
    #![doc = include_str!("../docs/bound_tokens.md")]
}

#[cfg(feature = "rmcp")]
pub mod rmcp {
    #![doc = include_str!("../docs/rmcp.md")]
}

pub mod stores {
    #![doc = include_str!("../docs/stores.md")]
}
