use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    Param,
};
use burn::nn::Linear;
use burn::tensor::{DType, Device, Tensor};

use super::linear::{apply, over_steps};

/// The layer that scores the classes of a [`TokenModel`](super::TokenModel): with a weight of its own, or
/// with the embedding's.
#[derive(Clone, Debug)]
pub(super) enum Output {
    Own(Linear),
    /// Only the bias is its own, `[classes]`.
    Tied(Param<Tensor<1>>),
}

const NAME: &str = "TiedLinear";

impl Output {
    /// Scores at every step, `[batch, time, features]` → `[batch, time, classes]`; `embedding` is
    /// `[classes, features]`, for tied weights.
    pub fn forward(&self, input: Tensor<3>, embedding: Option<Tensor<2>>) -> Tensor<3> {
        match (self, embedding) {
            (Self::Own(linear), _) => over_steps(linear, input),
            (Self::Tied(bias), Some(weight)) => apply(input, weight.transpose(), bias.val()),
            (Self::Tied(_), None) => unreachable!("tied weights are those of an embedding"),
        }
    }

    /// The number of classes.
    pub fn num_classes(&self) -> usize {
        match self {
            Self::Own(linear) => linear.weight.dims()[1],
            Self::Tied(bias) => bias.dims()[0],
        }
    }

    pub fn device(&self) -> Device {
        match self {
            Self::Own(linear) => linear.weight.val().device(),
            Self::Tied(bias) => bias.val().device(),
        }
    }

    pub fn dtype(&self) -> DType {
        match self {
            Self::Own(linear) => linear.weight.val().dtype(),
            Self::Tied(bias) => bias.val().dtype(),
        }
    }
}

// By hand: what Burn derives for an enum puts the variant's name into the parameters' paths.
impl Module for Output {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Self::Own(linear) => linear.visit(visitor),
            Self::Tied(bias) => {
                visitor.enter_module("bias", NAME);
                visitor.visit_float(bias);
                visitor.exit_module("bias", NAME);
            }
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.map(mapper)),
            Self::Tied(bias) => {
                mapper.enter_module("bias", NAME);
                let bias = mapper.map_float(bias);
                mapper.exit_module("bias", NAME);
                Self::Tied(bias)
            }
        }
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        match self {
            Self::Own(linear) => linear.collect_devices(devices),
            Self::Tied(bias) => bias.collect_devices(devices),
        }
    }

    fn fork(self, device: &Device) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.fork(device)),
            Self::Tied(bias) => Self::Tied(bias.fork(device)),
        }
    }

    fn to_device(self, device: &Device) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.to_device(device)),
            Self::Tied(bias) => Self::Tied(bias.to_device(device)),
        }
    }

    fn train(self) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.train()),
            Self::Tied(bias) => Self::Tied(bias.train()),
        }
    }

    fn valid(&self) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.valid()),
            Self::Tied(bias) => Self::Tied(bias.valid()),
        }
    }

    fn materialize(self) -> Self {
        match self {
            Self::Own(linear) => Self::Own(linear.materialize()),
            Self::Tied(bias) => Self::Tied(bias.materialize()),
        }
    }
}

impl ModuleDisplay for Output {}

impl ModuleDisplayDefault for Output {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Self::Own(linear) => linear.content(content),
            Self::Tied(bias) => {
                let content = content.set_top_level_type(NAME);
                content.add("classes", &bias.dims()[0]).optional()
            }
        }
    }
}
