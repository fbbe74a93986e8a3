//! How large the screens are when they are compressed: what is shipped, and what is read at every start.

use std::io::Write;

use crate::error::XtaskError;

/// Above this the kiosk would carry more than was agreed: kilobytes as the shell embeds the wasm.
const LIMIT_BYTES: usize = 400_000;
/// With this quality Tauri embeds files in a program that is built with optimization.
const BROTLI_QUALITY: i32 = 9;

/// Sizes of one file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    plain: usize,
    brotli: usize,
    gzip: usize,
}

impl Sizes {
    /// Compresses in both ways.
    pub fn of(bytes: &[u8]) -> std::io::Result<Self> {
        let settings = brotli::enc::BrotliEncoderParams {
            quality: BROTLI_QUALITY,
            ..Default::default()
        };
        let mut brotli = Vec::new();
        brotli::BrotliCompress(&mut &bytes[..], &mut brotli, &settings)?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes)?;
        Ok(Self {
            plain: bytes.len(),
            brotli: brotli.len(),
            gzip: gzip.finish()?.len(),
        })
    }

    /// Fails above the limit.
    pub fn check(self) -> Result<Self, XtaskError> {
        if self.brotli <= LIMIT_BYTES {
            return Ok(self);
        }
        Err(XtaskError::Bundle(format!(
            "it is too large: {self}, and the limit is {} kB with brotli",
            LIMIT_BYTES / 1000
        )))
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [plain, brotli, gzip] = [self.plain, self.brotli, self.gzip].map(|bytes| bytes.div_ceil(1000));
        write!(
            f,
            "{plain} kB, embedded with brotli {brotli} kB, with gzip {gzip} kB"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compresses_well_is_small_in_both() {
        let sizes = Sizes::of(&vec![7; 1_000_000]).unwrap();
        assert_eq!(sizes.plain, 1_000_000);
        assert!(sizes.brotli < 10_000 && sizes.gzip < 10_000, "{sizes}");
        assert!(sizes.check().is_ok());
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let with = |brotli| Sizes {
            plain: 1,
            brotli,
            gzip: 1,
        };
        assert!(with(LIMIT_BYTES).check().is_ok());
        let error = with(LIMIT_BYTES + 1).check().unwrap_err();
        assert!(error.to_string().contains("brotli 401 kB"), "{error}");
    }
}
