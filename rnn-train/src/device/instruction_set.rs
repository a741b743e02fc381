/// The widest instructions for vectors that the processor has and the CPU kernels choose by: on another
/// set the same training gives other last bits.
///
/// ```
/// println!("computing with {}", rnn_train::instruction_set());
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
