//! `cargo xtask up`: the main job.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::build;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Show the options of `host-metrics up`.
    #[arg(long)]
    help_host: bool,
    /// Options of `host-metrics up`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    host: Vec<String>,
}

/// Builds, then becomes `host-metrics up`, so that signals and the exit status are its own.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    build::components(&["predict"])?;
    build::programs(&["host-metrics"])?;
    let mut command = Command::new(build::program("host-metrics"));
    command.arg("up").current_dir(build::workspace());
    if arguments.help_host {
        command.arg("--help");
    } else if let Some(address) = listen_address(&arguments.host) {
        println!("once it serves, try:\n  {}\n  {}", heart_example(&address), battery_example(&address));
        println!("or in a browser: http://{address}/docs and http://{address}/hvs/docs\n");
    }
    Err(anyhow!(command.args(&arguments.host).exec()).context("cannot start host-metrics"))
}

/// Where the host will listen; `None` where the system is to choose the port.
fn listen_address(options: &[String]) -> Option<String> {
    let mut address = "127.0.0.1:3000".to_owned();
    for (index, option) in options.iter().enumerate() {
        if let Some(value) = option.strip_prefix("--listen=") {
            value.clone_into(&mut address);
        } else if option == "--listen" {
            address = options.get(index + 1)?.clone();
        }
    }
    (!address.ends_with(":0")).then_some(address)
}

/// A command that predicts for the first row of the UCI data.
fn heart_example(address: &str) -> String {
    let row = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;
    format!("curl -s http://{address}/predict -H 'content-type: application/json' -d '{row}'")
}

/// A command that predicts for what the sensors of a battery module say at rest.
fn battery_example(address: &str) -> String {
    let reading = r#"{"Module_ID":"RackA1_Module01","Timestamp":"2024-01-01T00:00:00Z","Module_Avg_Surface_Temp_C":25.1,"Module_Max_Surface_Temp_C":26.0,"Module_Voltage_V":51.2,"Module_Current_A":0.1,"Module_SoC_percent":78.5,"Sim_OffGas_CO_ppm_proxy":2.1,"Sim_OffGas_H2_ppm_proxy":1.9,"Sim_OffGas_VOC_ppm_proxy":2.0,"Ambient_Temp_Rack_C":22.3}"#;
    format!(
        "curl -s http://{address}/hvs/predict -H 'content-type: application/json' -d '{{\"readings\":[{reading}]}}'"
    )
}
