/// The widest vector instructions of this processor, by which the CPU kernels are chosen: `avx512`,
/// `avx2`, or else the architecture's name. On another instruction set the same training differs in its
/// last bits.
///
/// ```
/// println!("computing with {}", rnn_train::device::instruction_set());
/// ```
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            return "avx512";
        }
        if has!("avx2") && has!("fma") {
            return "avx2";
        }
    }
    std::env::consts::ARCH
}
