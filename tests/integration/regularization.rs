//! Recurrent dropout and zoneout, on networks whose outputs show the masks that were drawn.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{Nonlinearity, Rnn, RnnConfig, StateDict};
use tests::devices;

const HIDDEN: usize = 64;
const BATCH: usize = 8;
const TIME: usize = 6;

/// A network that computes `h_t = factor·h_{t-1}` for any input.
fn multiplier(config: RnnConfig, factor: f32, device: &Device) -> Rnn {
    let module = config.with_nonlinearity(Nonlinearity::Relu).init(device);
    let mut weights = StateDict::of(&module);
    for name in ["weight_ih_l0", "bias_ih_l0", "bias_hh_l0"] {
        let shape = weights.get(name).expect("a parameter").shape().clone();
        weights.insert(name, TensorData::zeros::<f32, _>(shape));
    }
    let eye = Tensor::<2>::eye(HIDDEN, device) * factor;
    weights.insert("weight_hh_l0", eye.into_data());
    weights.load_into(module).expect("the same names")
}

/// The outputs over time from an initial state of 1: `[batch][feature][step]`.
fn runs(module: &Rnn, device: &Device) -> Vec<Vec<f32>> {
    let input = Tensor::zeros([BATCH, TIME, 2], device);
    let (output, _) = module.forward(input, Some(Tensor::ones([1, BATCH, HIDDEN], device)));
    let output: Vec<f32> = output.swap_dims(1, 2).into_data().iter().collect();
    output.chunks(TIME).map(<[f32]>::to_vec).collect()
}

#[test]
fn recurrent_dropout_draws_one_mask_per_sequence() {
    let _alone = tests::seeded();
    let config = RnnConfig::new(2, HIDDEN).with_recurrent_dropout(0.25);
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let module = multiplier(config.clone(), 0.75, &training);
        let drawn = runs(&module, &training);
        let mut dropped = 0;
        for run in &drawn {
            // Dropped at all steps, or multiplied by 0.75 / (1 − 0.25) at all steps.
            assert!(
                run.iter().all(|&h| h == 0.0) || run.iter().all(|&h| (h - 1.0).abs() < 1e-5),
                "{name}: {run:?}"
            );
            dropped += usize::from(run[0] == 0.0);
        }
        // Of 512, each with probability 0.25: within five standard deviations.
        assert!((80..=176).contains(&dropped), "{name}: {dropped}");
        // Each sequence has a mask of its own, and so has each call.
        assert_ne!(drawn[..HIDDEN], drawn[HIDDEN..2 * HIDDEN], "{name}");
        assert_ne!(runs(&module, &training), drawn, "{name}");

        for run in runs(&module.valid(), &device) {
            for (t, h) in (1..).zip(run) {
                assert!((h - 0.75f32.powi(t)).abs() < 1e-6, "{name}: prediction");
            }
        }
    }
}

#[test]
fn zoneout_keeps_features_as_they_were_and_predicts_their_mean() {
    let _alone = tests::seeded();
    let config = RnnConfig::new(2, HIDDEN).with_zoneout(0.25);
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let module = multiplier(config.clone(), 2.0, &training);
        let (mut kept, mut all) = (0, 0);
        for run in runs(&module, &training) {
            let mut before = 1.0;
            for h in run {
                assert!(h == before || h == 2.0 * before, "{name}: {before} → {h}");
                kept += usize::from(h == before);
                all += 1;
                before = h;
            }
        }
        // Of 3072, each with probability 0.25: within five standard deviations.
        assert!((648..=888).contains(&kept), "{name}: {kept} of {all}");

        for run in runs(&module.valid(), &device) {
            for (t, h) in (1..).zip(run) {
                assert!(
                    (h / 1.75f32.powi(t) - 1.0).abs() < 1e-5,
                    "{name}: prediction"
                );
            }
        }
    }
}
