//! Where randomness comes from.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Secret;

/// A source of random bytes.
pub trait Rng: Send + Sync + 'static {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);

    /// A new bearer value: 256 bits, base64url without padding (43 characters).
    fn token(&self) -> Secret<String> {
        let mut bytes = [0_u8; 32];
        self.fill(&mut bytes);
        Secret::new(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A number below `bound`, without the bias of a plain remainder.
    fn below(&self, bound: u32) -> u32 {
        let bound = bound.max(1);
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0_u8; 4];
            self.fill(&mut bytes);
            let drawn = u32::from_le_bytes(bytes);
            if drawn < limit {
                return drawn % bound;
            }
        }
    }
}

/// The operating system's generator, through aws-lc-rs.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            // A machine without randomness cannot guard anything; going on with predictable tokens would be worse.
            std::process::abort();
        }
    }
}

/// A generator for tests: the same seed gives the same bytes. Never wired into a server.
#[derive(Debug)]
pub struct SeededRng {
    seed: u64,
    block: AtomicU64,
}

impl SeededRng {
    /// A generator that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            block: AtomicU64::new(0),
        }
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let mut input = [0_u8; 16];
            input[..8].copy_from_slice(&self.seed.to_le_bytes());
            input[8..].copy_from_slice(&block.to_le_bytes());
            let hash = digest::digest(&digest::SHA256, &input);
            for (to, from) in chunk.iter_mut().zip(hash.as_ref()) {
                *to = *from;
            }
        }
    }
}
