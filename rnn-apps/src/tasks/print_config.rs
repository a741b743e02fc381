//! Prints a training's settings instead of training.

use serde::Serialize;

use crate::cli::{Common, RunArgs, to_toml};
use crate::context::Context;
use crate::ui::Output;

/// Prints the settings as a TOML file for `--config`, without the task's flags that such a file can't
/// hold.
pub fn print_config(
    context: &Context,
    args: &impl Serialize,
    not_in_a_file: &[&str],
    out: &mut Output,
) -> anyhow::Result<()> {
    let common = Common {
        device: Some(context.device_name.clone()),
        threads: Some(context.threads),
        seed: Some(context.seed),
        json: false,
        quiet: false,
        mirror: None,
        offline: false,
    };
    let common = to_toml(&common, Common::NOT_IN_A_FILE)?;
    let args = to_toml(args, &[RunArgs::NOT_IN_A_FILE, not_in_a_file].concat())?;
    out.print(format_args!("{}{}", common, args.trim_end()))?;
    Ok(())
}
