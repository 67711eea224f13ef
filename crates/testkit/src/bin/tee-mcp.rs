//! Stands between a client and a server over stdio, and writes down what passes.
//!
//! `tee-mcp FILE PROGRAM ARGUMENTS…` appends each line that the client sends to `FILE` as `> …`, and each line that the
//! server sends as `< …`, byte for byte. It ends when the server ends.
use std::{
    error::Error,
    fs::File,
    io::{BufRead as _, BufReader, Read, Write},
    process::{Command, ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(file), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("usage: tee-mcp FILE PROGRAM ARGUMENTS…".into());
    };
    let record = Arc::new(Mutex::new(File::create(file)?));
    let mut server =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (Some(input), Some(output)) = (server.stdin.take(), server.stdout.take()) else {
        return Err("a server without streams".into());
    };
    // Not joined: when the server ends by itself, this thread still reads.
    let requests = Arc::clone(&record);
    thread::spawn(move || pass(std::io::stdin(), input, b"> ", &requests));
    pass(output, std::io::stdout(), b"< ", &record)?;
    let status = server.wait()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Passes on line after line. A line is written down first, so that the record has whatever the other side can know.
fn pass(from: impl Read, mut to: impl Write, mark: &[u8], record: &Mutex<File>) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let ended = if line.ends_with(b"\n") { &b""[..] } else { b"\n" };
        record.lock().unwrap_or_else(PoisonError::into_inner).write_all(&[mark, &line, ended].concat())?;
        to.write_all(&line)?;
        to.flush()?;
        line.clear();
    }
    Ok(())
}
