//! A piece of speech: samples, the file formats in which they come and are kept, and their loudness.

use std::num::NonZero;
use std::time::Duration;

use flacenc::component::BitRepr;
use flacenc::error::Verify;
use rodio::Source;
use zeroize::Zeroize;

use crate::SpeechError;

/// Loudness of all clips: root mean square of the parts in which something is said, below full scale.
const RMS_DBFS: f64 = -20.0;
/// No sample is louder.
const PEAK_DBFS: f64 = -1.0;
/// What is so far below the loudest part of a clip is a pause.
const PAUSE_DB: f64 = 40.0;
/// Length of the parts of which the loudness is measured.
const FRAME_MS: u32 = 20;
/// What is kept of the silence before and behind the words.
const MARGIN_MS: u32 = 60;

/// Samples of a block of FLAC: 26 ms at the rate of eSpeak NG.
const FLAC_BLOCK: usize = 576;

/// Samples of one channel. They may be private words, and are wiped when they go.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    rate_hz: NonZero<u32>,
    samples: Vec<i16>,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({} ms)", self.duration().as_millis())
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        self.samples.zeroize();
    }
}

impl Clip {
    /// These samples at this rate.
    pub fn new(rate_hz: u32, samples: Vec<i16>) -> Result<Self, SpeechError> {
        let rate_hz = NonZero::new(rate_hz).ok_or(SpeechError::Clip("a rate of nothing"))?;
        Ok(Self { rate_hz, samples })
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz.get()
    }

    /// The samples.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// How long it sounds.
    pub fn duration(&self) -> Duration {
        let samples = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        Duration::from_nanos(samples.saturating_mul(1_000_000_000) / u64::from(self.rate_hz.get()))
    }

    /// Reads a WAV file of 16 bits and one channel, as synthesisers write it. One that writes before it knows the length
    /// names a wrong one: then all that follows is sound.
    pub fn from_wav(bytes: &[u8]) -> Result<Self, SpeechError> {
        const BROKEN: SpeechError = SpeechError::Clip("no WAV file");
        let header = bytes.get(..12).ok_or(BROKEN)?;
        if !header.starts_with(b"RIFF") || !header.ends_with(b"WAVE") {
            return Err(BROKEN);
        }
        let mut rest = bytes.get(12..).ok_or(BROKEN)?;
        let mut rate_hz = None;
        loop {
            let (name, after) = rest.split_first_chunk::<4>().ok_or(BROKEN)?;
            let (length, body) = after.split_first_chunk::<4>().ok_or(BROKEN)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| BROKEN)?;
            let chunk = body.get(..length).unwrap_or(body);
            match name {
                b"fmt " => rate_hz = Some(format(chunk)?),
                b"data" => {
                    let rate_hz = rate_hz.ok_or(SpeechError::Clip("sound before its format"))?;
                    let (samples, _) = chunk.as_chunks::<2>();
                    return Self::new(
                        rate_hz,
                        samples.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
                    );
                }
                _ => {}
            }
            // Chunks begin at even places.
            rest = body.get(length.saturating_add(length % 2)..).ok_or(BROKEN)?;
        }
    }

    /// As FLAC, filled up with silence to whole blocks: of a shorter last one readers disagree.
    pub fn to_flac(&self) -> Result<Vec<u8>, SpeechError> {
        const FAILED: SpeechError = SpeechError::Clip("it cannot be encoded");
        if self.samples.is_empty() {
            return Err(SpeechError::Clip("it is empty"));
        }
        let config = flacenc::config::Encoder::default()
            .into_verified()
            .map_err(|_| FAILED)?;
        let mut samples: Vec<i32> = self.samples.iter().map(|sample| i32::from(*sample)).collect();
        samples.resize(samples.len().next_multiple_of(FLAC_BLOCK), 0);
        let rate_hz = usize::try_from(self.rate_hz.get()).map_err(|_| FAILED)?;
        let source = flacenc::source::MemSource::from_samples(&samples, 1, 16, rate_hz);
        let stream =
            flacenc::encode_with_fixed_block_size(&config, source, FLAC_BLOCK).map_err(|_| FAILED)?;
        let mut sink = flacenc::bitsink::ByteSink::new();
        stream.write(&mut sink).map_err(|_| FAILED)?;
        Ok(sink.as_slice().to_vec())
    }

    /// From FLAC of one channel.
    pub fn from_flac(bytes: Vec<u8>) -> Result<Self, SpeechError> {
        let decoder = rodio::Decoder::new_flac(std::io::Cursor::new(bytes))
            .map_err(|_| SpeechError::Clip("no FLAC file"))?;
        if decoder.channels().get() != 1 {
            return Err(SpeechError::Clip("more than one channel"));
        }
        let rate_hz = decoder.sample_rate();
        let samples = decoder.map(to_i16).collect();
        Ok(Self { rate_hz, samples })
    }

    /// For the player.
    pub(crate) fn source(&self) -> rodio::buffer::SamplesBuffer {
        let samples: Vec<f32> = self
            .samples
            .iter()
            .map(|sample| f32::from(*sample) / 32_768.0)
            .collect();
        rodio::buffer::SamplesBuffer::new(NonZero::<u16>::MIN, self.rate_hz, samples)
    }

    /// How loud the parts are in which something is said, in decibels below full scale; nothing for silence.
    pub fn loudness_dbfs(&self) -> Option<f64> {
        let powers = self.powers();
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        if loudest <= 0.0 {
            return None;
        }
        let limit = loudest / 10_f64.powf(PAUSE_DB / 10.0);
        let said: Vec<f64> = powers.into_iter().filter(|power| *power >= limit).collect();
        #[expect(clippy::cast_precision_loss, reason = "a clip has a few thousand frames")]
        let mean = said.iter().sum::<f64>() / said.len() as f64;
        Some(10.0 * mean.log10())
    }

    /// The same words as loud as all others, without the silence around them.
    pub fn levelled(&self) -> Result<Self, SpeechError> {
        let loudness = self
            .loudness_dbfs()
            .ok_or(SpeechError::Clip("nothing is heard in it"))?;
        let trimmed = self.trimmed();
        let peak = trimmed
            .iter()
            .map(|sample| f64::from(sample.unsigned_abs()))
            .fold(1.0, f64::max);
        let wanted = 10_f64.powf((RMS_DBFS - loudness) / 20.0);
        let possible = 32_767.0 * 10_f64.powf(PEAK_DBFS / 20.0) / peak;
        let gain = wanted.min(possible);
        #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of samples")]
        let samples = trimmed
            .iter()
            .map(|sample| (f64::from(*sample) * gain).round().clamp(-32_768.0, 32_767.0) as i16)
            .collect();
        Ok(Self {
            rate_hz: self.rate_hz,
            samples,
        })
    }

    fn trimmed(&self) -> &[i16] {
        let frame = self.samples_of(FRAME_MS);
        let powers = self.powers();
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        let limit = loudest / 10_f64.powf(PAUSE_DB / 10.0);
        let is_said = |power: &f64| *power >= limit;
        let first = powers.iter().position(is_said).unwrap_or_default();
        let last = powers.iter().rposition(is_said).unwrap_or_default();
        let margin = self.samples_of(MARGIN_MS);
        let start = (first * frame).saturating_sub(margin);
        let end = ((last + 1) * frame + margin).min(self.samples.len());
        self.samples.get(start..end).unwrap_or(&self.samples)
    }

    /// Mean squares of the frames, of full scale.
    fn powers(&self) -> Vec<f64> {
        let mean_square = |frame: &[i16]| {
            let sum: f64 = frame
                .iter()
                .map(|sample| (f64::from(*sample) / 32_768.0).powi(2))
                .sum();
            #[expect(clippy::cast_precision_loss, reason = "a frame has a few hundred samples")]
            let count = frame.len() as f64;
            sum / count
        };
        self.samples
            .chunks(self.samples_of(FRAME_MS))
            .map(mean_square)
            .collect()
    }

    fn samples_of(&self, ms: u32) -> usize {
        let samples = u64::from(self.rate_hz.get()) * u64::from(ms) / 1000;
        usize::try_from(samples).unwrap_or(usize::MAX).max(1)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of samples")]
fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// The rate, if these are whole numbers of 16 bits in one channel.
fn format(chunk: &[u8]) -> Result<u32, SpeechError> {
    const BROKEN: SpeechError = SpeechError::Clip("no format of sound");
    let field = |at: usize| -> Result<u16, SpeechError> {
        let bytes = chunk
            .get(at..)
            .and_then(|rest| rest.first_chunk::<2>())
            .ok_or(BROKEN)?;
        Ok(u16::from_le_bytes(*bytes))
    };
    let (kind, channels, bits) = (field(0)?, field(2)?, field(14)?);
    if (kind, channels, bits) != (1, 1, 16) {
        return Err(SpeechError::Clip("not 16 bits in one channel"));
    }
    let rate = chunk
        .get(4..)
        .and_then(|rest| rest.first_chunk::<4>())
        .ok_or(BROKEN)?;
    Ok(u32::from_le_bytes(*rate))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wav(samples: &[i16], length: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(16_000_u32.to_le_bytes());
        bytes.extend([2, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend(length.to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_wav_file_is_read_also_where_its_length_was_not_known() {
        for length in [6, 0x7fff_f000] {
            let clip = Clip::from_wav(&wav(&[1, -2, 3], length)).unwrap();
            assert_eq!((clip.rate_hz(), clip.samples()), (8_000, &[1, -2, 3][..]));
        }
        assert!(Clip::from_wav(b"RIFF\0\0\0\0WAVE").is_err());
        let mut stereo = wav(&[1], 2);
        stereo[22] = 2;
        assert!(Clip::from_wav(&stereo).is_err());
    }

    fn tone(amplitude: f64, silence: usize) -> Clip {
        #[expect(clippy::cast_possible_truncation, reason = "a test tone")]
        let wave = (0..8_000).map(|at| ((f64::from(at) * 0.3).sin() * amplitude) as i16);
        let mut samples = vec![0; silence];
        samples.extend(wave);
        samples.extend(vec![0; silence]);
        Clip::new(8_000, samples).unwrap()
    }

    #[test]
    fn clips_are_equally_loud_and_begin_with_their_words() {
        for amplitude in [300.0, 3_000.0, 30_000.0] {
            let clip = tone(amplitude, 16_000).levelled().unwrap();
            let loudness = clip.loudness_dbfs().unwrap();
            assert!((loudness - RMS_DBFS).abs() < 0.3, "{loudness}");
            let ms = clip.duration().as_millis();
            assert!((1_000..=1_200).contains(&ms), "{ms} ms");
        }
        assert!(Clip::new(8_000, vec![0; 800]).unwrap().levelled().is_err());
        assert!(Clip::new(8_000, Vec::new()).unwrap().levelled().is_err());
    }

    #[test]
    fn flac_gives_back_every_sample() {
        for clip in [
            tone(9_000.0, 100),
            Clip::new(22_050, vec![-32_768, 32_767, 0]).unwrap(),
        ] {
            let read = Clip::from_flac(clip.to_flac().unwrap()).unwrap();
            assert_eq!(read.rate_hz(), clip.rate_hz());
            let (samples, silence) = read.samples().split_at(clip.samples().len());
            assert_eq!(samples, clip.samples());
            assert!(silence.len() < FLAC_BLOCK && silence.iter().all(|sample| *sample == 0));
        }
        assert!(Clip::new(8_000, Vec::new()).unwrap().to_flac().is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Clip::from_wav(&bytes);
            let mut wav = wav(&[5], 2);
            wav.splice(12.., bytes.iter().copied());
            let _ = Clip::from_wav(&wav);
            let _ = Clip::from_flac(bytes);
        }

        #[test]
        fn a_damaged_flac_does_not_make_the_reader_panic(at in 0..2_000_usize, byte in any::<u8>()) {
            let mut bytes = tone(9_000.0, 0).to_flac().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Clip::from_flac(bytes);
        }
    }
}
