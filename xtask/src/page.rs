//! The page: building and serving it with trunk.

use crate::failure::Failure;
use crate::install;
use crate::process::{output_of, run};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// trunk, told not to look for tools or news on the network: all it needs is
/// on `PATH`, in the versions that fit together.
pub fn trunk(root: &Path) -> Result<Command, Failure> {
    let mut trunk = Command::new("trunk");
    trunk
        .env("PATH", install::path_with_tools(root)?)
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        .env("TRUNK_OFFLINE", "true")
        // trunk reads NO_COLOR as a boolean and refuses its usual value 1.
        .env_remove("NO_COLOR")
        .current_dir(root);
    Ok(trunk)
}

/// Builds the page as it is published, into `dist/`.
pub fn build_release(root: &Path) -> Result<(), Failure> {
    install::page_tools()?;
    install::npm_packages(root)?;
    run(trunk(root)?.args(["build", "--release"]))?;
    let mut words = Vec::new();
    list(&root.join("dist/text"), &mut words)?;
    words.iter().try_for_each(|file| leave_out_remarks(file))
}

/// What stands in a language's file for its translators, no reader fetches;
/// nor in English what `index.html` itself says (`src/web/language.rs`).
fn leave_out_remarks(file: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: file.display().to_string(), source };
    let text = fs::read_to_string(file).map_err(failed)?;
    let english = file.ends_with("en.txt");
    let said = text.lines().filter(|line| {
        let in_the_page = english && line.starts_with("[html.");
        !line.is_empty() && !line.starts_with('#') && !in_the_page
    });
    fs::write(file, said.flat_map(|line| [line, "\n"]).collect::<String>()).map_err(failed)
}

/// What a reader should have to wait for, compressed: the WebAssembly, and
/// everything together. Printed beside what is.
const WASM_GOAL_BYTES: u64 = 150_000;
const TOTAL_GOAL_BYTES: u64 = 250_000;
/// The page is not there yet. It may not get heavier than this meanwhile;
/// lower these with the page, down to the goals. A crowd that sends a load, its
/// form and its figures took 11 KB, other designs for the same orders 5.
const WASM_CEILING_BYTES: u64 = 343_600;
const TOTAL_CEILING_BYTES: u64 = 411_800;
/// The checker is a program of its own, which nobody waits for who does not
/// ask for it: it is counted apart.
const CHECKER: &str = "checker";
const CHECKER_CEILING_BYTES: u64 = 240_500;

/// Prints what the page in `dist/` weighs, and refuses a page that is too heavy.
pub fn check_weight(root: &Path) -> Result<String, Failure> {
    let dist = root.join("dist");
    let mut files = Vec::new();
    list(&dist, &mut files)?;
    files.sort();
    let (mut wasm, mut total, mut checker) = (0, 0, 0);
    println!("{:>9} {:>9}  file", "raw", "gzip");
    for file in &files {
        let raw = fs::metadata(file).map_or(0, |m| m.len());
        let packed = gzip_bytes(file)?;
        let name = file.strip_prefix(&dist).unwrap_or(file).to_string_lossy();
        println!("{raw:>9} {packed:>9}  {name}");
        if name.starts_with(CHECKER) {
            checker += packed;
            continue;
        }
        // Everybody's first language is fetched by all, any other by its readers.
        if name.starts_with("text/") && name != "text/en.txt" {
            continue;
        }
        total += packed;
        if file.extension().is_some_and(|e| e == "wasm") {
            wasm += packed;
        }
    }
    for (what, is, goal, ceiling) in [
        ("wasm", wasm, WASM_GOAL_BYTES, WASM_CEILING_BYTES),
        ("all", total, TOTAL_GOAL_BYTES, TOTAL_CEILING_BYTES),
    ] {
        let verdict = if is <= goal { "met" } else { "NOT met yet" };
        println!("{what}: {is} bytes gzipped; goal {goal}, {verdict}; ceiling {ceiling}");
    }
    println!("on demand: {checker} bytes gzipped; ceiling {CHECKER_CEILING_BYTES}");
    if wasm == 0 || checker == 0 {
        return Err(Failure::Check("dist/ does not hold both programs".into()));
    }
    let heavy = wasm > WASM_CEILING_BYTES || total > TOTAL_CEILING_BYTES;
    if heavy || checker > CHECKER_CEILING_BYTES {
        return Err(Failure::Check("the page is too heavy".into()));
    }
    let (kb, all_kb) = (wasm.div_ceil(1000), total.div_ceil(1000));
    let (goal, all_goal) = (WASM_GOAL_BYTES / 1000, TOTAL_GOAL_BYTES / 1000);
    Ok(format!("wasm {kb} KB (goal {goal}), all {all_kb} KB (goal {all_goal}) gzipped"))
}

fn list(folder: &Path, into: &mut Vec<std::path::PathBuf>) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: folder.display().to_string(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            list(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

fn gzip_bytes(file: &Path) -> Result<u64, Failure> {
    let packed =
        output_of(Command::new("gzip").args(["-9", "-n", "-c"]).arg(file).stdin(Stdio::null()))?;
    Ok(packed.len() as u64)
}
