//! Where the masks of dropout come from: a generator of the caller's, or the device's random state.

use std::cell::{Cell, RefCell};

use burn::nn::Dropout;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

thread_local! {
    static GENERATOR: RefCell<Option<ChaCha8Rng>> = const { RefCell::new(None) };
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `run`, in which dropout, recurrent dropout and zoneout of this crate's modules follow from `seed`
/// alone: the masks are drawn from a generator of this call's, one after the other, and the device's
/// random state is neither used nor changed. So two trainings on two threads have their own masks each.
///
/// It counts for the calling thread. Burn's own layers draw from the device's random state here too;
/// for a [`Dropout`] of Burn's there is [`dropout`].
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{GruConfig, with_noise_seed};
/// # let device: burn::tensor::Device = Default::default();
/// let device = device.autodiff(); // noise is for training
/// let gru = GruConfig::new(5, 3).with_recurrent_dropout(0.5).init(&device);
/// let run = |seed| {
///     let input = Tensor::ones([2, 6, 5], &device);
///     with_noise_seed(seed, || gru.forward(input, None).0.into_data())
/// };
/// assert_eq!(run(1), run(1));
/// ```
pub fn with_noise_seed<T>(seed: u64, run: impl FnOnce() -> T) -> T {
    /// Puts back the generator that was there, even if `run` panics.
    struct Restore(Option<ChaCha8Rng>);

    impl Drop for Restore {
        fn drop(&mut self) {
            GENERATOR.set(self.0.take());
        }
    }

    let generator = ChaCha8Rng::seed_from_u64(seed);
    let _restore = Restore(GENERATOR.replace(Some(generator)));
    run()
}

/// Runs `run`, in which this crate's modules have no noise: for gradients of a model as it predicts, on an
/// autodiff device. It counts for the calling thread, and for a [`Dropout`] of Burn's within [`dropout`].
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{GruConfig, without_noise};
/// # let device: burn::tensor::Device = Default::default();
/// let gru = GruConfig::new(5, 3).with_recurrent_dropout(0.5).init(&device.autodiff());
/// let input = Tensor::ones([2, 6, 5], &gru.devices()[0]);
/// let run = || without_noise(|| gru.forward(input.clone(), None).0.into_data());
/// assert_eq!(run(), run());
/// # use burn::module::Module;
/// ```
pub fn without_noise<T>(run: impl FnOnce() -> T) -> T {
    /// Puts back what was there, even if `run` panics.
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            IS_SILENT.set(self.0);
        }
    }

    let _restore = Restore(IS_SILENT.replace(true));
    run()
}

/// Burn's [`Dropout`] in a model of your own: as [`Dropout::forward`], but within [`with_noise_seed`], as
/// in the steps of a training by `rnn-train`, the mask is drawn from its generator. So a training
/// with dropout repeats itself bit by bit.
///
/// ```
/// use burn::nn::DropoutConfig;
/// use burn::tensor::Tensor;
/// # let device: burn::tensor::Device = Default::default();
/// let layer = DropoutConfig::new(0.5).init();
/// let ones = Tensor::<2>::ones([4, 4], &device.autodiff());
/// let drop = |seed| rnn_model::with_noise_seed(seed, || rnn_model::dropout(&layer, ones.clone()));
/// assert_eq!(drop(1).into_data(), drop(1).into_data());
/// ```
pub fn dropout<const D: usize>(layer: &Dropout, input: Tensor<D>) -> Tensor<D> {
    let device = input.device();
    if !is_active(layer, &device) {
        return input;
    }
    let shape = input.dims();
    match draw(1.0 - layer.prob, shape.iter().product()) {
        Some(mask) => {
            let mask = Tensor::<D>::from_data(TensorData::new(mask, shape), &device);
            input.clone() * mask.cast(input.dtype())
        }
        None => layer.forward(input),
    }
}

/// Dropout with one mask for all steps of a sequence, anew for each sequence of the batch (Gal and
/// Ghahramani, [A theoretically grounded application of dropout in recurrent neural networks], 2016): a
/// feature is dropped from a whole sequence or not at all. Where [`dropout`] is active, this is; its mask
/// comes from the same place.
///
/// - `input`: `[batch, time, features]`, or `[time, batch, features]`
/// - `time`: the axis of the steps, 1 or 0
///
/// ```
/// use burn::nn::DropoutConfig;
/// use burn::tensor::Tensor;
/// # let device: burn::tensor::Device = Default::default();
/// let layer = DropoutConfig::new(0.5).init();
/// let ones = Tensor::<3>::ones([2, 3, 4], &device.autodiff());
/// let dropped = rnn_model::variational_dropout(&layer, ones, 1);
/// let [first, last] = [0, 2].map(|step| dropped.clone().narrow(1, step, 1).into_data());
/// assert_eq!(first, last);
/// ```
///
/// # Panics
///
/// If `time` is neither 0 nor 1.
///
/// [A theoretically grounded application of dropout in recurrent neural networks]: https://arxiv.org/abs/1512.05287
pub fn variational_dropout(layer: &Dropout, input: Tensor<3>, time: usize) -> Tensor<3> {
    assert!(time < 2, "the axis of time is {time}, expected 0 or 1");
    if !is_active(layer, &input.device()) {
        return input;
    }
    let mut shape = input.dims();
    shape[time] = 1;
    let ones = Tensor::ones(shape, (&input.device(), input.dtype()));
    input * dropout(layer, ones)
}

/// Whether something is drawn: as Burn's dropout itself decides, and not within [`without_noise`].
pub(super) fn is_active(layer: &Dropout, device: &Device) -> bool {
    layer.prob > 0.0 && layer.training.is_enabled() && device.is_autodiff() && !IS_SILENT.get()
}

/// For each of `count` elements 1 / `keep` with probability `keep`, else 0; none without a generator.
fn draw(keep: f64, count: usize) -> Option<Vec<f32>> {
    GENERATOR.with_borrow_mut(|generator| {
        let generator = generator.as_mut()?;
        // The numbers of 32 bits below it are a share of `keep`.
        let bound = (keep * 2f64.powi(32)) as u64;
        let kept = (1.0 / keep) as f32;
        let value = |_| match u64::from(generator.next_u32()) < bound {
            true => kept,
            false => 0.0,
        };
        Some((0..count).map(value).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_generator_within_the_call_only() {
        assert_eq!(draw(0.5, 1), None);
        let outer = with_noise_seed(1, || {
            let before = draw(0.5, 64);
            let inner = with_noise_seed(1, || draw(0.5, 64));
            assert_eq!(inner, before, "the same seed");
            assert!(draw(0.5, 64) != before, "the outer generator goes on");
            before
        });
        assert!(outer.is_some());
        let panicked = std::panic::catch_unwind(|| with_noise_seed(1, || panic!("in it")));
        assert!(panicked.is_err());
        assert_eq!(draw(0.5, 1), None);
    }

    #[test]
    fn elements_are_kept_with_their_probability_and_scaled() {
        let mask = with_noise_seed(3, || draw(0.8, 10_000)).expect("a generator");
        let kept = mask.iter().filter(|&&value| value == 1.25).count();
        assert!(mask.iter().all(|&value| value == 1.25 || value == 0.0));
        // Within five standard deviations of 40.
        assert!((7_800..=8_200).contains(&kept), "{kept}");
    }
}
