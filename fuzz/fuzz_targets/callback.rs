#![no_main]

use std::sync::LazyLock;

use mcp_oauth_client::AuthorizationManager;
use mcpo_fuzz::answers;

static MANAGER: LazyLock<AuthorizationManager> = LazyLock::new(answers::manager);

libfuzzer_sys::fuzz_target!(|data: &[u8]| answers::made_up(&MANAGER, data));
