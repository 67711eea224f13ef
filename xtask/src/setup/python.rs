//! Python programs, each in a virtual environment of its own, with every package pinned in `xtask/python/`.

use std::fs;
use std::path::PathBuf;

use super::parts::InstallError;
use crate::checkout::{Checkout, find_program};
use crate::program::Program;

/// Published MCP servers, on the first generation of the Python SDK.
pub(super) const SERVERS: Environment = Environment { name: "servers", program: "mcp-server-time" };
/// The newest Python SDK and `FastMCP`, which servers of ours in `crates/mcp-upstream/tests/servers/` are made with.
pub(super) const SDK: Environment = Environment { name: "sdk", program: "fastmcp" };
/// The proxy that ours replaces.
pub(super) const MCPO: Environment = Environment { name: "mcpo", program: "mcpo" };

/// One of the published MCP servers, such as `mcp-server-time`.
pub(crate) fn server(checkout: &Checkout, program: &str) -> PathBuf {
    SERVERS.program(checkout, program)
}

/// The Python that has the newest SDK.
pub(crate) fn sdk(checkout: &Checkout) -> PathBuf {
    SDK.program(checkout, "python")
}

/// The installed open-webui/mcpo.
pub(crate) fn mcpo(checkout: &Checkout) -> PathBuf {
    MCPO.program(checkout, MCPO.program)
}

/// One virtual environment under `.work/`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Environment {
    name: &'static str,
    program: &'static str,
}

impl Environment {
    /// It is there if pip finished, and with today's pins.
    pub(super) fn is_present(self, checkout: &Checkout) -> bool {
        let pinned = fs::read(self.pins(checkout));
        let installed = fs::read(self.stamp(checkout));
        self.program(checkout, self.program).is_file()
            && matches!((pinned, installed), (Ok(pinned), Ok(installed)) if pinned == installed)
    }

    pub(super) fn install(self, checkout: &Checkout) -> Result<(), InstallError> {
        let Some(python) = ["python3", "python"].into_iter().find_map(find_program) else {
            return Err(InstallError::NoInstaller { program: "python3" });
        };
        let log = checkout.work(&format!("log/python-{}.log", self.name));
        let folder = checkout.work(&format!("venv-{}", self.name));
        Program::new(python).args(["-m", "venv", "--clear"]).args([&folder]).run_into(&log)?;
        Program::new(self.program(checkout, "python"))
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--requirement"])
            .args([self.pins(checkout)])
            .run_into(&log)?;
        let stamp = self.stamp(checkout);
        fs::copy(self.pins(checkout), &stamp)
            .map_err(|source| InstallError::File { path: stamp.display().to_string(), source })?;
        Ok(())
    }

    fn program(self, checkout: &Checkout, program: &str) -> PathBuf {
        let folder = checkout.work(&format!("venv-{}", self.name));
        if cfg!(windows) {
            folder.join("Scripts").join(format!("{program}.exe"))
        } else {
            folder.join("bin").join(program)
        }
    }

    fn pins(self, checkout: &Checkout) -> PathBuf {
        checkout.xtask(&format!("python/{}.txt", self.name))
    }

    /// A copy of the pins, written last.
    fn stamp(self, checkout: &Checkout) -> PathBuf {
        checkout.work(&format!("venv-{}/installed.txt", self.name))
    }
}
