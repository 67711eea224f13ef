use super::*;
use crate::store::contract;

/// C14.7, C15.2, C15.6.
#[tokio::test(flavor = "multi_thread")]
async fn c15_6_a_store_in_memory_holds_the_contract() {
    let store = MemoryStore::new();
    contract::hold(store.clone(), store).await;
}
