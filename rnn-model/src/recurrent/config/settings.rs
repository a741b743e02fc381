//! Configurations as they are read and written: one table of names for all cells.

use serde::{Deserialize, Serialize};

use super::RecurrentConfig;
use crate::recurrent::cells::RecurrentCellConfig;
use crate::recurrent::init::RecurrentInit;
use crate::recurrent::step::{Cell, Nonlinearity};

/// The settings of a [`RecurrentConfig`]. Those that not all cells have are none for the others.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    input_size: usize,
    hidden_size: usize,
    #[serde(default = "one")]
    num_layers: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default = "yes")]
    batch_first: bool,
    #[serde(default)]
    dropout: f64,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    variational_dropout: bool,
    #[serde(default)]
    bidirectional: bool,
    #[serde(default)]
    recurrent_init: RecurrentInit,
    #[serde(default)]
    layer_norm: bool,
    #[serde(default)]
    recurrent_dropout: f64,
    #[serde(default, skip_serializing_if = "is_zero")]
    weight_dropout: f64,
    #[serde(default)]
    zoneout_hidden: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zoneout_cell: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proj_size: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forget_bias: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonlinearity: Option<Nonlinearity>,
}

/// Whether a probability is that of never, which is not written.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(probability: &f64) -> bool {
    *probability == 0.0
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl<C: Cell> From<RecurrentConfig<C>> for Settings {
    fn from(config: RecurrentConfig<C>) -> Self {
        let [zoneout_hidden, zoneout_cell] = config.zoneout;
        Self {
            input_size: config.input_size,
            hidden_size: config.hidden_size,
            num_layers: config.num_layers,
            bias: config.bias,
            batch_first: config.batch_first,
            dropout: config.dropout,
            variational_dropout: config.variational_dropout,
            bidirectional: config.bidirectional,
            recurrent_init: config.recurrent_init,
            layer_norm: config.layer_norm,
            recurrent_dropout: config.recurrent_dropout,
            weight_dropout: config.weight_dropout,
            zoneout_hidden,
            zoneout_cell: C::HAS_CELL_STATE.then_some(zoneout_cell),
            proj_size: config.proj_size,
            forget_bias: config.forget_bias,
            nonlinearity: config.cell.nonlinearity(),
        }
    }
}

impl<C: Cell + Default> TryFrom<Settings> for RecurrentConfig<C> {
    type Error = String;

    fn try_from(settings: Settings) -> Result<Self, String> {
        for (field, is_there) in [
            ("zoneout_cell", settings.zoneout_cell.is_some()),
            ("proj_size", settings.proj_size.is_some()),
            ("forget_bias", settings.forget_bias.is_some()),
        ] {
            if is_there && !C::HAS_CELL_STATE {
                return Err(no_such_setting::<C>(field));
            }
        }
        Ok(Self {
            cell: cell(settings.nonlinearity)?,
            input_size: settings.input_size,
            hidden_size: settings.hidden_size,
            num_layers: settings.num_layers,
            bias: settings.bias,
            batch_first: settings.batch_first,
            dropout: settings.dropout,
            variational_dropout: settings.variational_dropout,
            bidirectional: settings.bidirectional,
            recurrent_init: settings.recurrent_init,
            layer_norm: settings.layer_norm,
            recurrent_dropout: settings.recurrent_dropout,
            weight_dropout: settings.weight_dropout,
            zoneout: [
                settings.zoneout_hidden,
                settings.zoneout_cell.unwrap_or(0.0),
            ],
            proj_size: settings.proj_size,
            forget_bias: settings.forget_bias,
        })
    }
}

/// The settings of a [`RecurrentCellConfig`].
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CellSettings {
    input_size: usize,
    hidden_size: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonlinearity: Option<Nonlinearity>,
}

impl<C: Cell> From<RecurrentCellConfig<C>> for CellSettings {
    fn from(config: RecurrentCellConfig<C>) -> Self {
        Self {
            input_size: config.input_size,
            hidden_size: config.hidden_size,
            bias: config.bias,
            nonlinearity: config.cell.nonlinearity(),
        }
    }
}

impl<C: Cell + Default> TryFrom<CellSettings> for RecurrentCellConfig<C> {
    type Error = String;

    fn try_from(settings: CellSettings) -> Result<Self, String> {
        Ok(Self {
            cell: cell(settings.nonlinearity)?,
            input_size: settings.input_size,
            hidden_size: settings.hidden_size,
            bias: settings.bias,
        })
    }
}

/// A cell with the given activation, if one is given.
fn cell<C: Cell + Default>(nonlinearity: Option<Nonlinearity>) -> Result<C, String> {
    match nonlinearity {
        None => Ok(C::default()),
        Some(nonlinearity) => {
            C::of(nonlinearity).ok_or_else(|| no_such_setting::<C>("nonlinearity"))
        }
    }
}

fn no_such_setting<C: Cell>(field: &str) -> String {
    format!("unknown field `{field}`: {} has no such setting", C::NAME)
}
