use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

/// The dtype in which training steps are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// bfloat16, which GPUs multiply faster: 8 bits of exponent as in 32 bits, 7 of fraction.
    ///
    /// Mixed precision (Micikevicius et al., [Mixed precision training], 2018): each step computes
    /// with copies of the weights in 16 bits, forward and back. The weights themselves, the loss, the
    /// gradients' norm and the optimiser's state have 32 bits, and so has validation. bfloat16 has the
    /// range of 32 bits, so that losses need no scaling. LibTorch's cuDNN does not take it: there recurrent
    /// layers go step by step through LibTorch's own kernels.
    ///
    /// [Mixed precision training]: https://arxiv.org/abs/1710.03740
    Bf16,
}

/// The device does not compute in numbers of this precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device does not compute in {0}, expected libtorch, flex or a GPU")]
pub struct PrecisionError(pub Precision);

impl Precision {
    /// Checks that `device` computes in numbers of this precision.
    ///
    /// # Errors
    ///
    /// If it does not.
    ///
    /// ```
    /// use rnn_train::optim::Precision;
    ///
    /// let device = rnn_train::select("auto")?.device;
    /// Precision::F32.check(&device)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(self, device: &Device) -> Result<(), PrecisionError> {
        match device.supports_dtype(self.dtype()) {
            true => Ok(()),
            false => Err(PrecisionError(self)),
        }
    }

    fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::Bf16 => DType::BF16,
        }
    }

    /// A copy of `model` in this precision, through which gradients flow back to its own weights; none
    /// if the model is to be used as it is.
    pub(crate) fn narrowed<M: Module>(self, model: &M) -> Option<M> {
        match self {
            Self::F32 => None,
            Self::Bf16 => Some(model.clone().map(&mut Cast(self.dtype()))),
        }
    }
}

impl core::fmt::Display for Precision {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

impl core::str::FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::F32, Self::Bf16];
        let named = all
            .into_iter()
            .find(|precision| precision.to_string() == name);
        named.ok_or_else(|| format!("expected f32 or bf16, found {name:?}"))
    }
}

struct Cast(DType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(self.0))
    }
}

/// `input` cast to the dtype of `model`'s parameters.
pub(crate) fn in_numbers_of<M: Module, const D: usize>(model: &M, input: Tensor<D>) -> Tensor<D> {
    struct First(Option<DType>);

    impl ModuleVisitor for First {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.get_or_insert_with(|| param.val().dtype());
        }
    }

    let mut first = First(None);
    model.visit(&mut first);
    match first.0 {
        Some(dtype) => input.cast(dtype),
        None => input,
    }
}
