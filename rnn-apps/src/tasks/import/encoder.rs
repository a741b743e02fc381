//! A recurrent layer alone, without a head: an encoder, a cell of a larger network.

use std::path::Path;

use anyhow::ensure;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{
    AnyConfig, AnyRecurrent, ModuleState, RecurrentModule, RecurrentModuleConfig, StateDict,
};
use rnn_train::RunDir;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::network::{Network, Outputs};
use crate::tasks::recurrent::{
    CellKind, NetworkSettings, Nonlinearity, RecurrentSettings, WeightInit, untold_of_cell,
};
use crate::ui::quoted;

/// A recurrent layer, whose parameters have no prefix: `weight_ih_l0`.
#[derive(Debug)]
pub struct Encoder;

/// What `config.json` and a description say of it beside its recurrent part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderSettings {
    cell: CellKind,
    /// Of a simple RNN.
    #[serde(default)]
    nonlinearity: Nonlinearity,
    input_size: usize,
}

impl NetworkSettings<EncoderSettings> {
    fn config(&self) -> anyhow::Result<AnyConfig> {
        let EncoderSettings {
            cell,
            nonlinearity,
            input_size,
        } = self.own;
        let init = WeightInit::Uniform;
        let config = self
            .recurrent
            .config(cell, nonlinearity, input_size, init)?;
        Ok(config.with_batch_first(true))
    }
}

impl Network for Encoder {
    const NAME: &'static str = "recurrent";

    type Description = EncoderSettings;
    type Settings = NetworkSettings<EncoderSettings>;
    type Assets = ();
    type Model = AnyRecurrent;

    fn from_description(
        own: EncoderSettings,
        recurrent: RecurrentSettings,
        _: &Path,
    ) -> anyhow::Result<(Self::Settings, ())> {
        Ok((NetworkSettings { own, recurrent }, ()))
    }

    fn num_params(settings: &Self::Settings) -> anyhow::Result<usize> {
        Ok(settings.config()?.num_params())
    }

    fn init(settings: &Self::Settings, device: &Device) -> anyhow::Result<AnyRecurrent> {
        Ok(settings.config()?.init(device))
    }

    fn imported(_: &Self::Settings, weights: StateDict) -> anyhow::Result<StateDict> {
        Ok(weights)
    }

    fn write_assets(settings: &Self::Settings, (): &(), run: &RunDir) -> anyhow::Result<()> {
        Ok(run.write_model_config(&settings.config()?)?)
    }

    fn untold(description: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
        untold_of_cell(description)
    }

    fn outputs(
        model: &AnyRecurrent,
        settings: &Self::Settings,
        input: TensorData,
        device: &Device,
    ) -> anyhow::Result<Outputs> {
        let size = settings.own.input_size;
        ensure!(
            matches!(input.shape()[..], [batch, time, features]
                if batch > 0 && time > 0 && features == size),
            "expected an input of [batch, time, {size}], found {:?}",
            input.shape().to_vec()
        );
        let (output, state) = model.forward(Tensor::from_data(input, device), None);
        let (h_n, c_n) = state.into_parts();
        let [batch, time, features] = output.dims();
        let [all, _, hidden] = h_n.dims();
        let directions = model.directions();
        let last = output
            .clone()
            .slice([0..batch, time - 1..time, 0..features]);
        let top = h_n
            .clone()
            .slice([all - directions..all, 0..batch, 0..hidden]);
        let top = top.swap_dims(0, 1).reshape([batch, directions * hidden]);
        let mut outputs = vec![
            ("output", output.into_data()),
            ("output[:, -1]", last.into_data()),
            ("h_n", h_n.into_data()),
            ("the last layer's h_n", top.into_data()),
        ];
        outputs.extend(c_n.map(|c_n| ("c_n", c_n.into_data())));
        Ok(outputs)
    }

    fn next_command(run: &RunDir) -> anyhow::Result<String> {
        Ok(format!("info {}", quoted(run.path())))
    }
}
