//! A picture of half the width and height, for documents that are read on a line.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Transformations};
use thiserror::Error;

/// Why a picture cannot be made smaller.
#[derive(Debug, Error)]
pub enum SmallerError {
    /// The file fails.
    #[error("the file fails")]
    File(#[from] std::io::Error),
    /// It is no picture, or none of eight bits.
    #[error("it cannot be read")]
    Read(#[from] png::DecodingError),
    /// It cannot be written.
    #[error("it cannot be written")]
    Write(#[from] png::EncodingError),
    /// It has other colours than those of a window.
    #[error("it has neither three nor four channels")]
    Channels,
}

/// Makes this picture half as wide and high, and gives how many bytes it has then. Each pixel is the mean of four; what covers
/// nothing else is opaque in a window, so only the colours are kept.
pub fn halve(path: &Path) -> Result<u64, SmallerError> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(SmallerError::Channels)?];
    let info = reader.next_frame(&mut pixels)?;
    let channels = match info.color_type {
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        _ => return Err(SmallerError::Channels),
    };
    let (width, height) = (info.width / 2, info.height / 2);
    let small = means(
        &pixels,
        info.line_size,
        channels,
        (width as usize, height as usize),
    );
    let mut encoder = Encoder::new(BufWriter::new(File::create(path)?), width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&small)?;
    writer.finish()?;
    Ok(std::fs::metadata(path)?.len())
}

/// Red, green and blue of so many columns and rows, each the mean of two by two.
fn means(pixels: &[u8], line: usize, channels: usize, (width, height): (usize, usize)) -> Vec<u8> {
    let at = |x: usize, y: usize, channel: usize| {
        let byte = pixels.get(y * line + x * channels + channel);
        u16::from(byte.copied().unwrap_or_default())
    };
    let mut small = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let (x, y) = (2 * x, 2 * y);
                let sum = at(x, y, channel)
                    + at(x + 1, y, channel)
                    + at(x, y + 1, channel)
                    + at(x + 1, y + 1, channel);
                // The mean of four bytes is one.
                small.push(u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX));
            }
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_four() {
        // Two rows of four pixels with four channels, the last of which does not count.
        let row = |values: [u8; 4]| {
            values
                .iter()
                .flat_map(|value| [*value, 0, 255, 7])
                .collect::<Vec<u8>>()
        };
        let pixels = [row([0, 100, 255, 255]), row([100, 200, 255, 254])].concat();
        assert_eq!(means(&pixels, 16, 4, (2, 1)), [100, 0, 255, 255, 0, 255]);
    }
}
