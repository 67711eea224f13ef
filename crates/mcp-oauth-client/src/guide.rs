//! Pages on one task each.

pub mod stores {
    #![doc = include_str!("../docs/stores.md")]
}
