//! Brings what is missing, once, and is quick when nothing is.
//!
//! Rust tools go to a cache folder of our own (`$XDG_CACHE_HOME`, else
//! `~/.cache`, then `onechef/tools`), so that no version of a reader's own
//! tools is touched. Packages of the system are installed only as root and
//! only with apt; everybody else is told what to install.

use crate::failure::Failure;
use crate::process::{output_of, run, say, version_says};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A tool that `cargo install` builds.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    /// The newest that builds on the toolchain at hand; wasm-bindgen's must
    /// equal the library's in Cargo.toml to the last digit.
    version: &'static str,
    locked: bool,
    usual_minutes: &'static str,
}

const WASM_BINDGEN: CargoTool = CargoTool {
    package: "wasm-bindgen-cli",
    program: "wasm-bindgen",
    version: "0.2.130",
    // Its lock file names crates so new that a mirror may not have them yet.
    locked: false,
    usual_minutes: "two minutes",
};

const TRUNK: CargoTool = CargoTool {
    package: "trunk",
    program: "trunk",
    version: "0.21.14",
    locked: true,
    usual_minutes: "five minutes",
};

/// The folder of our own tools.
fn tools_folder() -> Result<PathBuf, Failure> {
    let cache = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) if Path::new(&cache).is_absolute() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        _ => {
            return Err(Failure::Missing {
                what: "A folder for tools".into(),
                how_to_get_it: "Set HOME or XDG_CACHE_HOME.".into(),
            });
        }
    };
    Ok(cache.join("onechef").join("tools"))
}

/// `PATH` with our own tools, and npm's `wasm-opt`, in front.
pub fn path_with_tools(root: &Path) -> Result<OsString, Failure> {
    let ours = [tools_folder()?.join("bin"), npm_folder(root).join("node_modules/.bin")];
    let inherited = env::var_os("PATH").unwrap_or_default();
    let all = ours.into_iter().chain(env::split_paths(&inherited));
    env::join_paths(all).map_err(|error| Failure::Check(format!("PATH: {error}")))
}

/// What building the page needs: the wasm target, wasm-bindgen and trunk.
pub fn page_tools() -> Result<(), Failure> {
    wasm_target()?;
    cargo_tool(&WASM_BINDGEN)?;
    cargo_tool(&TRUNK)
}

/// The wasm target and wasm-bindgen's test runner.
pub fn wasm_test_tools() -> Result<PathBuf, Failure> {
    wasm_target()?;
    cargo_tool(&WASM_BINDGEN)?;
    Ok(tools_folder()?.join("bin/wasm-bindgen-test-runner"))
}

/// Rust's standard library for wasm.
pub fn wasm_target() -> Result<(), Failure> {
    let sysroot = output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).is_dir() {
        return Ok(());
    }
    say("Adding Rust's standard library for WebAssembly (some seconds)");
    run(Command::new("rustup").args(["target", "add", WASM_TARGET])).map_err(
        |failure| match failure {
            Failure::Start { .. } => Failure::Missing {
                what: format!("Rust's target {WASM_TARGET}"),
                how_to_get_it: "This Rust was not installed by rustup, so its packager has it; \
                                or install Rust with rustup."
                    .into(),
            },
            other => other,
        },
    )
}

fn cargo_tool(tool: &CargoTool) -> Result<(), Failure> {
    let folder = tools_folder()?;
    if version_says(&folder.join("bin").join(tool.program), tool.version) {
        return Ok(());
    }
    say(&format!(
        "Building {} {} into {}: usually about {} on two cores, once",
        tool.package,
        tool.version,
        folder.display(),
        tool.usual_minutes
    ));
    let mut install = Command::new("cargo");
    install
        .args(["install", tool.package, "--version", tool.version, "--root"])
        .arg(&folder)
        // A tool that runs for seconds is not worth the minutes that its own
        // release profile would spend on it.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    if tool.locked {
        install.arg("--locked");
    }
    run(&mut install)
}

/// Where package.json of the end-to-end tests lies.
pub fn npm_folder(root: &Path) -> PathBuf {
    root.join("tests/e2e")
}

/// The npm packages of the end-to-end tests, and wasm-opt.
pub fn npm_packages(root: &Path) -> Result<(), Failure> {
    npm_packages_of(&npm_folder(root))
}

/// What the package.json of a folder asks for, to the letter of its lock file.
pub fn npm_packages_of(folder: &Path) -> Result<(), Failure> {
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/.installed-lock.json");
    let wanted = read(&lock)?;
    if fs::read(&installed).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    program("npm").ok_or_else(|| Failure::Missing {
        what: "npm".into(),
        how_to_get_it: "Install Node 20 or newer, which brings it.".into(),
    })?;
    say(&format!("Fetching the npm packages of {} (half a minute, once)", folder.display()));
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder))?;
    // Written last: an interrupted installation is done again.
    fs::write(&installed, wanted)
        .map_err(|source| Failure::File { path: installed.display().to_string(), source })
}

/// Python packages in a folder of our own: the value for `PYTHONPATH`. The
/// folder is named by what was asked for, so another version is another one.
pub fn python_packages(requirements: &Path) -> Result<PathBuf, Failure> {
    let wanted = String::from_utf8_lossy(&read(requirements)?).trim().replace(['\n', ' '], "+");
    let folder = tools_folder()?.join("python").join(wanted);
    let installed = folder.join("installed");
    if installed.is_file() {
        return Ok(folder);
    }
    let pip = || {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip"]);
        pip
    };
    output_of(pip().arg("--version").stderr(Stdio::null())).map_err(|_| Failure::Missing {
        what: "python3 with pip".into(),
        how_to_get_it: "Install it with the system's package manager (Debian: apt-get install \
                        python3-pip)."
            .into(),
    })?;
    say("Fetching Python packages (some seconds, once)");
    run(pip()
        .args(["install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"])
        .arg("--target")
        .arg(&folder)
        .arg("-r")
        .arg(requirements))?;
    // Written last: an interrupted installation is done again.
    fs::write(&installed, "")
        .map_err(|source| Failure::File { path: installed.display().to_string(), source })?;
    Ok(folder)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::File { path: path.display().to_string(), source })
}

/// A browser and the program that drives it for wasm-bindgen-test.
pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

/// Chromium: `$CHROMIUM` and `$CHROMEDRIVER`, else the system's, else installed.
pub fn browser() -> Result<Browser, Failure> {
    if let Some(browser) = find_browser() {
        return Ok(browser);
    }
    system_packages(&["chromium", "chromium-driver"])?;
    find_browser().ok_or_else(|| missing_packages(&["chromium", "chromium-driver"]))
}

fn find_browser() -> Option<Browser> {
    let named = |variable: &str| env::var_os(variable).map(PathBuf::from);
    Some(Browser {
        chromium: named("CHROMIUM")
            .or_else(|| program("chromium"))
            .or_else(|| program("chromium-browser"))
            .or_else(|| program("google-chrome"))?,
        chromedriver: named("CHROMEDRIVER").or_else(|| program("chromedriver"))?,
    })
}

/// Where on `PATH` a program is.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Installs packages of the system, if that is ours to do.
pub fn system_packages(packages: &[&str]) -> Result<(), Failure> {
    let is_root = output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0");
    if !is_root || program("apt-get").is_none() {
        return Err(missing_packages(packages));
    }
    say(&format!("Installing {} with apt-get (a minute or two, once)", packages.join(", ")));
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null()))
    };
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)
}

fn missing_packages(packages: &[&str]) -> Failure {
    Failure::Missing {
        what: packages.join(" and "),
        how_to_get_it: format!(
            "Install it with the system's package manager (Debian: apt-get install {}), \
             or name the programs in CHROMIUM and CHROMEDRIVER.",
            packages.join(" ")
        ),
    }
}
