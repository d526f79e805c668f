//! `cargo xtask up`: builds one component and one program, then becomes `portent up`.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::build::{self, UP_PROFILE};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Show the options of `portent up`.
    #[arg(long)]
    help_host: bool,
    /// Options of `portent up`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    host: Vec<String>,
}

/// Builds, then replaces this process by `portent up`, so that signals and the exit status are those of `portent`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut options: Vec<&OsStr> = arguments.host.iter().map(OsStr::new).collect();
    if arguments.help_host {
        options.insert(0, OsStr::new("--help"));
    } else {
        ensure_is_free(&listen_address(&arguments.host))?;
    }
    build::for_up()?;
    let mut command = Command::new(build::program(UP_PROFILE, "portent"));
    command.current_dir(build::workspace()).arg("up").args(options);
    Err(anyhow!(command.exec()).context("cannot start portent"))
}

/// Reports an address that is in use now, instead of after minutes of building.
fn ensure_is_free(address: &str) -> Result<()> {
    match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("{address} is in use: choose another address with --listen")
        }
        // Whatever else is wrong with the address, `portent` says better.
        _ => Ok(()),
    }
}

/// The address that `portent up` will listen on.
fn listen_address(options: &[String]) -> String {
    let value = |(index, option): (usize, &String)| match option.strip_prefix("--listen") {
        Some("") => options.get(index + 1).cloned(),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    };
    let given = options.iter().enumerate().filter_map(value).next_back();
    given.unwrap_or_else(|| "127.0.0.1:3000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_last_one_given() {
        let address = |options: &[&str]| {
            listen_address(&options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(address(&["--state", "dir"]), "127.0.0.1:3000");
        assert_eq!(address(&["--listen", "[::1]:1"]), "[::1]:1");
        assert_eq!(address(&["--listen=a:1", "--state", "dir", "--listen", "b:2"]), "b:2");
    }

    #[test]
    fn an_address_in_use_is_reported_before_anything_is_built() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let error = ensure_is_free(&address).unwrap_err();
        assert_eq!(error.to_string(), format!("{address} is in use: choose another address with --listen"));
        drop(listener);
        ensure_is_free("no address").unwrap();
    }
}
