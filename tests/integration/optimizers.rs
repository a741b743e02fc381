//! Burn's optimisers with PyTorch's constants give PyTorch's numbers; gradient accumulation.

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, GruConfig, StateDict};
use rnn_train::optim::Optimizer;
use rnn_train::{FitConfig, ImageLoader, Trainer};
use tests::devices;

#[derive(Module, Debug)]
struct Three {
    p: Param<Tensor<1>>,
}

// p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
// for _ in range(5):
//     optimiser.zero_grad()
//     (p * p * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
//     optimiser.step()
// (torch 2.9.0)
#[rustfmt::skip]
const PYTORCH: [(&str, Optimizer, f64, [f32; 3]); 6] = [
    ("Adam(lr=0.1)",
        Optimizer::Adam, 0.1,
        [0.507_963_7, -1.502_955_8, 0.027_814_426]),
    ("AdamW(lr=0.1, weight_decay=0.1)",
        Optimizer::AdamW { weight_decay: 0.1 }, 0.1,
        [0.469_952_7, -1.415_566_4, 0.015_330_367]),
    ("SGD(lr=0.05)",
        Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 }, 0.05,
        [0.590_49, -0.655_359_9, 0.084_034_994]),
    ("SGD(lr=0.05, momentum=0.9, weight_decay=0.1)",
        Optimizer::Sgd { momentum: 0.9, weight_decay: 0.1 }, 0.05,
        [-0.066_961_445, 1.195_502, -0.390_438_4]),
    ("RMSprop(lr=0.01)",
        Optimizer::RmsProp { momentum: 0.0, weight_decay: 0.0 }, 0.01,
        [0.696_465_8, -1.685_481_5, 0.221_570_97]),
    ("RMSprop(lr=0.01, momentum=0.9, weight_decay=0.1)",
        Optimizer::RmsProp { momentum: 0.9, weight_decay: 0.1 }, 0.01,
        [0.141_942_53, -1.090_737_7, -0.230_213_98]),
];

#[test]
fn five_steps_match_pytorch() {
    for (device_name, device) in devices() {
        let device = device.autodiff();
        for (name, optimizer, rate, expected) in PYTORCH {
            let found = five_steps(optimizer, rate, &device);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{device_name}, {name}: {found}, expected {expected}"
                );
            }
        }
    }
}

fn five_steps(optimizer: Optimizer, rate: f64, device: &Device) -> Vec<f32> {
    let p = Tensor::<1>::from_data([1.0f32, -2.0, 0.5], device);
    let mut module = Three {
        p: Param::from_tensor(p),
    };
    let mut optimizer = optimizer.init();
    for _ in 0..5 {
        let p = module.p.val();
        let factors = Tensor::<1>::from_data([1.0f32, 2.0, 3.0], device);
        let loss = (p.clone() * p * factors).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        module = optimizer.step(rate, module, gradients);
    }
    module.p.val().into_data().iter().collect()
}

#[test]
fn accumulated_batches_equal_one_large_batch() {
    let _alone = tests::seeded();
    let digits = Strokes::new(5).generate(30).expect("digits");
    for (name, device) in devices() {
        let model = ClassifierConfig::new(GruConfig::new(28, 6), 10).init(&device);
        let fit = |batch_size, accumulate| {
            let config = FitConfig {
                learning_rate: 0.1,
                optimizer: Optimizer::Sgd {
                    momentum: 0.9,
                    weight_decay: 0.0,
                },
                clip_norm: Some(0.5),
                accumulate,
                ..FitConfig::new(3)
            };
            let loader = ImageLoader::images(&digits, batch_size);
            let fitted = Trainer::new(config).fit(model.clone(), loader);
            fitted.expect("a training")
        };
        // Steps of 12, 12 and 6 images.
        let large = fit(12, 1);
        for (batch_size, accumulate) in [(4, 3), (6, 2), (12, 1)] {
            let small = fit(batch_size, accumulate);
            assert_eq!(small.steps, 9, "{name}");
            let (found, expected) = (StateDict::of(&small.model), StateDict::of(&large.model));
            for parameter in expected.names() {
                let (found, expected) = (found.get(parameter), expected.get(parameter));
                let (found, expected) = (found.expect("it"), expected.expect("it"));
                let off = tests::relative_error(found, expected);
                assert!(off < 1e-4, "{name}, {parameter}: {off}");
            }
            let norms = [&small, &large].map(|fitted| fitted.history[0].grad_norm);
            let [Some(found), Some(expected)] = norms else {
                panic!("{name}: no norm was logged")
            };
            assert!(
                (found / expected - 1.0).abs() < 1e-4,
                "{name}: {found}, {expected}"
            );
        }
    }
}

#[test]
fn a_short_last_batch_is_weighted_by_its_size() {
    let _alone = tests::seeded();
    // Seven images in batches of four and three: a step over both equals a step over all seven.
    let digits = Strokes::new(5).generate(7).expect("digits");
    for (name, device) in devices() {
        let model = ClassifierConfig::new(GruConfig::new(28, 6), 10).init(&device);
        let fit = |batch_size, accumulate| {
            let config = FitConfig {
                learning_rate: 0.5,
                optimizer: Optimizer::Sgd {
                    momentum: 0.0,
                    weight_decay: 0.0,
                },
                accumulate,
                ..FitConfig::new(1)
            };
            let loader = ImageLoader::images(&digits, batch_size);
            let fitted = Trainer::new(config).fit(model.clone(), loader);
            StateDict::of(&fitted.expect("a training").model)
        };
        let (found, expected) = (fit(4, 2), fit(7, 1));
        let bias = |weights: &StateDict| weights.get("fc.bias").expect("a bias").clone();
        let off = tests::relative_error(&bias(&found), &bias(&expected));
        assert!(off < 1e-5, "{name}: {off}");
    }
}
