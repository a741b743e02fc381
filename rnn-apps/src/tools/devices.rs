//! Lists the devices that this build supports and this machine has.

use rnn_train::device::{DeviceKind, Presence};
use serde::Serialize;

use crate::ui::Output;

#[derive(Serialize)]
struct Row {
    device: &'static str,
    feature: &'static str,
    compiled: bool,
    found: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<String>,
}

pub fn run(out: &mut Output) -> anyhow::Result<()> {
    let rows: Vec<Row> = rnn_train::device::survey()
        .into_iter()
        .map(
            |DeviceKind {
                 name,
                 feature,
                 needs,
                 presence,
             }| {
                let compiled = !matches!(presence, Presence::NotCompiled);
                let (found, needs) = match presence {
                    Presence::Found(names) => (names, None),
                    Presence::Absent(reason) => (Vec::new(), Some(reason.to_owned())),
                    Presence::NotCompiled => {
                        (Vec::new(), Some(format!("--features {feature} ({needs})")))
                    }
                };
                Row {
                    device: name,
                    feature,
                    compiled,
                    found,
                    needs,
                }
            },
        )
        .collect();
    out.line("Devices, in the order in which --device auto looks for them:\n")?;
    for row in &rows {
        let state = match (&row.needs, row.compiled) {
            (None, _) => format!("here: {}", row.found.join(", ")),
            (Some(reason), true) => format!("not found: {reason}"),
            (Some(flag), false) => format!("not in this build: add {flag}"),
        };
        out.line(format_args!("   {:<14} {state}", row.device))?;
    }
    let auto = rows.iter().flat_map(|row| &row.found).next();
    if let Some(name) = auto {
        out.line(format_args!("\n--device auto, the default, takes {name}."))?;
    }
    out.line("\nAn example: cargo run -p rnn-apps --features flex -- --device flex")?;
    out.results(&serde_json::json!({ "command": "devices", "auto": auto, "devices": rows }))
}
