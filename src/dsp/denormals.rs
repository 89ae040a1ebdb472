//! The denormal guard: while it lives, results too small for a normal `f32` become zero, as they are inaudible and a
//! hundred times slower than others.
#![allow(unsafe_code)]

/// Flushes denormals on this thread until dropped.
#[derive(Debug)]
pub struct FlushDenormals {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    before: u64,
}

impl FlushDenormals {
    /// Switches the flushing on.
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let before = read_mxcsr();
            // Bit 15 flushes results, bit 6 reads denormal inputs as zero (Intel SDM vol. 1, 10.2.3).
            write_mxcsr(before | 0x8040);
            Self { before: u64::from(before) }
        }
        #[cfg(target_arch = "aarch64")]
        {
            let before: u64;
            // SAFETY: reads and writes the floating-point control register of this thread; bit 24 is FZ.
            unsafe {
                std::arch::asm!("mrs {}, fpcr", out(reg) before, options(nomem, nostack));
                std::arch::asm!("msr fpcr, {}", in(reg) before | (1 << 24), options(nomem, nostack));
            }
            Self { before }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        Self {}
    }
}

impl Default for FlushDenormals {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for FlushDenormals {
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        write_mxcsr(self.before as u32);
        #[cfg(target_arch = "aarch64")]
        // SAFETY: puts back what `new` found.
        unsafe {
            std::arch::asm!("msr fpcr, {}", in(reg) self.before, options(nomem, nostack));
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn read_mxcsr() -> u32 {
    // Miri, which watches the bindings' pointers, knows no assembly.
    if cfg!(miri) {
        return 0;
    }
    let mut csr = 0u32;
    // SAFETY: stores the 32-bit control register to a valid place; SSE is part of x86-64.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut csr, options(nostack)) };
    csr
}

#[cfg(target_arch = "x86_64")]
fn write_mxcsr(csr: u32) {
    if cfg!(miri) {
        return;
    }
    // SAFETY: loads a value that differs from the one read only in the two flush bits.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &csr, options(nostack, readonly)) };
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_are_zero_under_the_guard_and_back_afterwards() {
        let tiny = black_box(1e-38f32);
        {
            let _guard = FlushDenormals::new();
            assert_eq!(black_box(tiny * black_box(0.01)), 0.0);
        }
        assert!(black_box(tiny * black_box(0.01)) > 0.0);
    }
}
