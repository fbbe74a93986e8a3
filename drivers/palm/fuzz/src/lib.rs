//! What the fuzz targets share.

pub mod device;

/// Cuts bytes into chunks whose lengths the first bytes say, so that the fuzzer chooses the cuts as well.
///
/// The first byte is how many lengths follow (up to 7); without any the rest is one chunk.
pub fn chunks(input: &[u8]) -> Vec<&[u8]> {
    let Some((&count, rest)) = input.split_first() else {
        return Vec::new();
    };
    let (lengths, mut stream) = rest.split_at(usize::from(count % 8).min(rest.len()));
    let mut found = Vec::new();
    for length in lengths.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, after) = stream.split_at(usize::from(*length).clamp(1, stream.len()));
        found.push(chunk);
        stream = after;
    }
    if !stream.is_empty() {
        found.push(stream);
    }
    found
}
