use burn::module::{
    Content, Devices, DisplaySettings, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper,
    ModuleVisitor,
};
use burn::tensor::Device;

use super::Recurrent;
use crate::recurrent::layer::Cache;
use crate::recurrent::step::Cell;
use crate::recurrent::weights::suffix;

impl<C: Cell> Recurrent<C> {
    fn suffixes(&self) -> impl Iterator<Item = String> + use<C> {
        let directions = self.directions();
        (0..self.weights.len()).map(move |i| suffix(i / directions, i % directions == 1))
    }

    /// Drops what was made of weights that are no longer these.
    fn forget(&mut self) {
        self.caches.fill_with(Cache::default);
    }
}

// By hand, because PyTorch's parameter names are not a tree of fields.
impl<C: Cell> Module for Recurrent<C> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (suffix, weights) in self.suffixes().zip(&self.weights) {
            weights.visit_named(&suffix, visitor);
        }
        visitor.enter_module("noise", C::NAME);
        self.noise.visit(visitor);
        visitor.exit_module("noise", C::NAME);
    }

    fn map<M: ModuleMapper>(mut self, mapper: &mut M) -> Self {
        self.weights = self
            .suffixes()
            .zip(self.weights)
            .map(|(suffix, weights)| weights.map_named(&suffix, mapper))
            .collect();
        self.forget();
        mapper.enter_module("noise", C::NAME);
        self.noise = self.noise.map(mapper);
        mapper.exit_module("noise", C::NAME);
        self
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.weights.collect_devices(devices)
    }

    fn fork(mut self, device: &Device) -> Self {
        self.weights = self.weights.fork(device);
        self.forget();
        self
    }

    fn to_device(mut self, device: &Device) -> Self {
        self.weights = self.weights.to_device(device);
        self.forget();
        self
    }

    fn train(mut self) -> Self {
        self.weights = self.weights.train();
        self.forget();
        self.noise = self.noise.train();
        self
    }

    fn valid(&self) -> Self {
        Self {
            weights: self.weights.valid(),
            noise: self.noise.valid(),
            ..self.clone()
        }
    }

    fn materialize(mut self) -> Self {
        self.weights = self.weights.materialize();
        self
    }
}

impl<C: Cell> ModuleDisplay for Recurrent<C> {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }
}

impl<C: Cell> ModuleDisplayDefault for Recurrent<C> {
    fn content(&self, content: Content) -> Option<Content> {
        let [
            dropout,
            recurrent_dropout,
            weight_dropout,
            zoneout_hidden,
            zoneout_cell,
        ] = self.noise.probabilities();
        let mut content = content
            .set_top_level_type(C::NAME)
            .add("input_size", &self.input_size)
            .add("hidden_size", &self.hidden_size)
            .add("num_layers", &self.num_layers)
            .add("bias", &self.weights[0].bias_ih.is_some())
            .add("batch_first", &self.batch_first)
            .add("dropout", &dropout)
            .add("bidirectional", &self.bidirectional);
        // What PyTorch has not is shown where it is used.
        if self.output_size != self.hidden_size {
            content = content.add("proj_size", &self.output_size);
        }
        if self.weights[0].norms.is_some() {
            content = content.add("layer_norm", &true);
        }
        if self.noise.is_variational() {
            content = content.add("variational_dropout", &true);
        }
        for (name, probability) in [
            ("recurrent_dropout", recurrent_dropout),
            ("weight_dropout", weight_dropout),
            ("zoneout_hidden", zoneout_hidden),
            ("zoneout_cell", zoneout_cell),
        ] {
            if probability > 0.0 {
                content = content.add(name, &probability);
            }
        }
        content.optional()
    }
}

impl<C: Cell> core::fmt::Display for Recurrent<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", ModuleDisplay::format(self, Default::default()))
    }
}
