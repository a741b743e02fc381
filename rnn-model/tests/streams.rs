//! The example `streams`: however many threads share the network, each stream gets the same.

#![allow(deprecated, reason = "burn-ndarray is deprecated as a whole")]

use rnn_model::burn::tensor::Device;

#[path = "../examples/streams.rs"]
#[allow(dead_code)] // its main function
mod streams;

use streams::{Stream, network, run};

#[test]
fn threads_do_not_change_what_a_stream_gets() {
    let device = Device::ndarray();
    let lstm = network(&device);
    let hidden = |threads: &[usize], steps| {
        let mut streams = Stream::all();
        for &threads in threads {
            run(&lstm, &mut streams, threads, steps, &device);
        }
        let states = streams
            .iter()
            .map(|stream| stream.hidden().expect("a state"));
        states.collect::<Vec<_>>()
    };
    let alone = hidden(&[1], 10);
    assert_ne!(alone[0], alone[1], "the streams differ");
    for threads in [2, 3, 16] {
        assert!(hidden(&[threads], 10) == alone, "{threads} threads");
    }
    // Each step starts from the state that the one before left, on whichever thread.
    assert!(hidden(&[4, 1, 3], 5) == hidden(&[1], 15), "fifteen steps");
}
