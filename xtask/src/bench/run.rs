//! The whole run: build, start everything, measure, end everything.

use std::fs;
use std::io;

use super::goals::Report;
use super::options::Options;
use super::programs::{Build, Folder, Others, Programs};
use super::{calls, closing, document, flight, idle, nagle, oauth, proc, slow, sse, startup};
use crate::checkout::Checkout;
use crate::program::Program;
use crate::setup::{self, Part};

/// `cargo xtask bench`; true if everything was measured and every reply was right.
pub(crate) fn run(checkout: &Checkout, options: &Options) -> bool {
    if cfg!(debug_assertions) {
        return build_and_hand_over(checkout, options);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("bench: {error}");
            return false;
        }
    };
    let work = tokio::task::LocalSet::new();
    let outcome = work.block_on(&runtime, async {
        // Leaving the block early drops what runs, and so ends every program.
        tokio::select! {
            outcome = measure(checkout, options) => outcome,
            () = interrupted() => Err(io::Error::other("interrupted")),
        }
    });
    match outcome {
        Ok(good) => good,
        Err(error) => {
            eprintln!("bench: {error}");
            false
        }
    }
}

/// Ctrl-C, or being asked to end.
#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

/// A load generator that is not optimised would be what is measured: the same command again, by the optimised program.
fn build_and_hand_over(checkout: &Checkout, options: &Options) -> bool {
    // By itself: with other packages in one build it would have their features too, and not be what users run.
    let proxy = if options.given_builds().is_empty() {
        Program::cargo(checkout).args(["build", "--release", "--package", "mcpo"]).run()
    } else {
        Ok(())
    };
    let own = Program::cargo(checkout).args(["build", "--release", "--package", "xtask"]).run();
    let again = proxy.and(own).and_then(|()| {
        let program = checkout.target("release/xtask");
        Program::new(program).args(std::env::args_os().skip(1)).directory(checkout.root()).run()
    });
    if let Err(error) = &again {
        eprintln!("bench: {error}");
    }
    again.is_ok()
}

async fn measure(checkout: &Checkout, options: &Options) -> io::Result<bool> {
    let programs = programs(checkout, options)?;
    println!("{}", proc::machine());
    for Build { name, program } in &programs.ours {
        let size = fs::metadata(program)
            .map_err(|error| io::Error::other(format!("{}: {error}", program.display())))?
            .len();
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let megabytes = size as f64 / 1e6;
        println!("{name}: {}, {megabytes:.1} MB", program.display());
    }
    println!(
        "rounds: {} of {:?} after {:?} of warm-up, targets in turn; both proxies with an API key\n\
         CPU us: of the target's own processes per call; load: of the load generator; others: processors busy with unrelated work",
        options.rounds(),
        options.measured(),
        options.warm_up()
    );
    let mut report = Report::default();
    calls::run(&programs, options, &mut report).await?;
    sse::run(&programs, options, &mut report).await?;
    slow::run(&programs, options, &mut report).await?;
    nagle::run(&programs, options, &mut report).await?;
    closing::run(&programs, options, &mut report).await?;
    document::run(&programs, options, &mut report).await?;
    oauth::run(&programs, options, &mut report).await?;
    startup::run(&programs, options, &mut report).await?;
    idle::run(&programs, options, &mut report).await?;
    flight::run(&programs, options, &mut report).await?;
    let builds: Vec<String> = programs.ours.iter().map(|build| build.name.clone()).collect();
    report.print(&builds);
    if report.bad {
        println!("\nSome replies were wrong or did not come: see the column \"bad\".");
    }
    println!("\n{}", report.tally());
    Ok(!report.bad)
}

fn programs(checkout: &Checkout, options: &Options) -> io::Result<Programs> {
    // Of this run alone: two at once would use each other's files.
    let folder = Folder::new(checkout.work(&format!("bench/{}", std::process::id())))?;
    let others = if options.only_ours {
        None
    } else {
        if let Some(missing) = setup::install(checkout, &[Part::Mcpo, Part::Nginx]).into_iter().next() {
            let (name, why) = (missing.part.name(), missing.why);
            return Err(io::Error::other(format!("{name} is missing: {why}; or use --only-ours")));
        }
        let nginx = setup::nginx().ok_or_else(|| io::Error::other("nginx is not on the PATH"))?;
        Some(Others { mcpo: setup::mcpo_program(checkout), nginx })
    };
    let mut ours = options.given_builds();
    if ours.is_empty() {
        ours.push(Build { name: "ours".to_owned(), program: checkout.target("release/mcpo") });
    }
    Ok(Programs {
        ours,
        echo: checkout.target("release/bench-echo"),
        bare_loop: checkout.target("release/bench-loop"),
        others,
        folder,
    })
}
