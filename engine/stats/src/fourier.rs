//! Power spectra of real series, by a complex transform of half their length.

#![expect(
    clippy::cast_precision_loss,
    reason = "lengths of series are far below 2^52"
)]

use std::f64::consts::TAU;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// A planned transform of real series of one length; clone it for each thread.
///
/// An even length is transformed as half as many complex numbers: even samples as real parts, odd ones as imaginary parts.
#[derive(Clone)]
pub(crate) struct RealFourier {
    len: usize,
    fft: Arc<dyn Fft<f64>>,
    twiddles: Vec<Complex<f64>>,
    buffer: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl RealFourier {
    /// Plans transforms of `len` samples.
    pub(crate) fn new(len: usize) -> Self {
        let complex = if len.is_multiple_of(2) { len / 2 } else { len };
        let fft = FftPlanner::new().plan_fft_forward(complex.max(1));
        let twiddles = (0..=len / 2)
            .map(|k| Complex::from_polar(1.0, -TAU * k as f64 / len.max(1) as f64))
            .collect();
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        Self {
            len,
            fft,
            twiddles,
            buffer: vec![Complex::default(); complex],
            scratch,
        }
    }

    /// `|Σ x_t e^(−2πikt/N)|²` for k = 0 … ⌊N/2⌋, into `power`; `samples` are N.
    pub(crate) fn power(&mut self, samples: &[f64], power: &mut Vec<f64>) {
        debug_assert_eq!(samples.len(), self.len);
        power.clear();
        if self.len == 0 {
            return;
        }
        if self.len.is_multiple_of(2) {
            for (to, pair) in self.buffer.iter_mut().zip(samples.chunks_exact(2)) {
                *to = Complex::new(pair[0], pair[1]);
            }
        } else {
            for (to, &sample) in self.buffer.iter_mut().zip(samples) {
                *to = Complex::new(sample, 0.0);
            }
        }
        self.fft
            .process_with_scratch(&mut self.buffer, &mut self.scratch);
        if self.len.is_multiple_of(2) {
            let half = self.len / 2;
            power.extend((0..=half).map(|k| {
                let (a, b) = (self.buffer[k % half], self.buffer[(half - k) % half].conj());
                let odd = (a - b) * self.twiddles[k];
                // −i · odd / 2 + (a + b) / 2
                let value = Complex::new(a.re + b.re + odd.im, a.im + b.im - odd.re);
                value.norm_sqr() / 4.0
            }));
        } else {
            power.extend(self.buffer[..=self.len / 2].iter().map(Complex::norm_sqr));
        }
    }

    /// `Σ_t x_t x_(t+k mod N)` for k = 0 … N − 1, from the power of an even N, into `products`.
    ///
    /// The power is real and even, so the same forward transform serves: a power spectrum's inverse is its own mirror.
    pub(crate) fn products(&mut self, power: &[f64], products: &mut Vec<f64>) {
        debug_assert!(self.len.is_multiple_of(2) && power.len() == self.len / 2 + 1);
        products.clear();
        let half = self.len / 2;
        if half == 0 {
            return;
        }
        for (k, to) in self.buffer.iter_mut().enumerate() {
            let (a, b) = (power[k], power[half - k]);
            let w = self.twiddles[k];
            // Forward instead of inverse: conjugate twiddle and conjugate i.
            *to = Complex::new(a + b, 0.0) - Complex::<f64>::i() * w * (a - b);
        }
        self.fft
            .process_with_scratch(&mut self.buffer, &mut self.scratch);
        let scale = 1.0 / self.len as f64;
        for value in &self.buffer {
            // Forward transform of the conjugate gives the conjugate of the inverse.
            products.push(value.re * scale);
            products.push(-value.im * scale);
        }
    }
}

impl Debug for RealFourier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFourier")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// The largest length up to `len` that is a multiple of `step` and whose other factors are at most 13, where transforms are fast;
/// 0 when `len < step`.
pub(crate) fn smooth_multiple(len: usize, step: usize) -> usize {
    let mut multiple = len / step.max(1);
    while multiple > 1 && !is_smooth(multiple) {
        multiple -= 1;
    }
    multiple * step
}

/// The smallest even number of at least `len` without a prime factor above 13.
pub(crate) fn smooth_even(len: usize) -> usize {
    let mut len = len.max(2).next_multiple_of(2);
    while !is_smooth(len) {
        len += 2;
    }
    len
}

fn is_smooth(mut number: usize) -> bool {
    for factor in [2, 3, 5, 7, 11, 13] {
        while number.is_multiple_of(factor) {
            number /= factor;
        }
    }
    number == 1
}

#[cfg(test)]
mod tests;
