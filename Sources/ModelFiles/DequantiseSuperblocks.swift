/// Superblocks of 256 elements: the "K" packings.
///
/// Source: ggml `ggml-quants.c`, `dequantize_row_q4_K`, `_q5_K`, `_q6_K`.

/// Scale and minimum of sub-block j out of the twelve bytes that pack eight pairs of six-bit numbers.
@inline(__always)
private func scaleAndMinimum(_ bytes: Span<UInt8>, _ at: Int, _ j: Int) -> (scale: Float, minimum: Float) {
  if j < 4 { return (Float(bytes[at + j] & 63), Float(bytes[at + j + 4] & 63)) }
  let scale = (bytes[at + j + 4] & 15) | (bytes[at + j - 4] >> 6) << 4
  let minimum = (bytes[at + j + 4] >> 4) | (bytes[at + j] >> 6) << 4
  return (Float(scale), Float(minimum))
}

///     w = (d·scale)·q − (dmin·minimum)
///
/// f16 d, f16 dmin, 12 bytes of scales and minimums, 128 nibble bytes. Each run of 32 bytes serves two sub-blocks of 32
/// elements: its low nibbles the first, its high nibbles the second.
func unpackQ4K(_ bytes: Span<UInt8>, _ blocks: Int, _ output: inout OutputSpan<Float>) {
  for block in 0..<blocks {
    let at = block * 144
    let scaleOfScales = half(bytes, at)
    let scaleOfMinimums = half(bytes, at + 2)
    for j in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(bytes, at + 4, j)
      let d = scaleOfScales * scale
      let m = scaleOfMinimums * minimum
      let run = at + 16 + (j / 2) * 32
      let shift = UInt8(j % 2) * 4
      for i in 0..<32 { output.append(d * Float((bytes[run + i] >> shift) & 15) - m) }
    }
  }
}

/// As Q4_K with a fifth bit: bit j of high byte i belongs to element i of sub-block j.
///
/// f16 d, f16 dmin, 12 bytes of scales and minimums, 32 high-bit bytes, 128 nibble bytes.
func unpackQ5K(_ bytes: Span<UInt8>, _ blocks: Int, _ output: inout OutputSpan<Float>) {
  for block in 0..<blocks {
    let at = block * 176
    let scaleOfScales = half(bytes, at)
    let scaleOfMinimums = half(bytes, at + 2)
    for j in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(bytes, at + 4, j)
      let d = scaleOfScales * scale
      let m = scaleOfMinimums * minimum
      let run = at + 48 + (j / 2) * 32
      let shift = UInt8(j % 2) * 4
      for i in 0..<32 {
        let high = (bytes[at + 16 + i] >> UInt8(j)) & 1
        output.append(d * Float(((bytes[run + i] >> shift) & 15) | high << 4) - m)
      }
    }
  }
}

///     w = (d·scale)·(q − 32)
///
/// 128 low-nibble bytes, 64 bytes of two high bits, 16 int8 scales (one per 16 elements), f16 d. Each half of 128 elements uses
/// 64 low bytes and 32 high bytes: quarter k (32 elements) takes low byte (k mod 2)·32 + i, nibble k / 2, high bits 2k.
func unpackQ6K(_ bytes: Span<UInt8>, _ blocks: Int, _ output: inout OutputSpan<Float>) {
  for block in 0..<blocks {
    let at = block * 210
    let scaleOfScales = half(bytes, at + 208)
    for part in 0..<2 {
      let lowBytes = at + part * 64
      let highBytes = at + 128 + part * 32
      let scales = at + 192 + part * 8
      for quarter in 0..<4 {
        for i in 0..<32 {
          let low = (bytes[lowBytes + (quarter % 2) * 32 + i] >> UInt8(quarter / 2 * 4)) & 15
          let high = (bytes[highBytes + i] >> UInt8(2 * quarter)) & 3
          let d = scaleOfScales * Float(Int8(bitPattern: bytes[scales + 2 * quarter + i / 16]))
          output.append(d * Float(Int32(low | high << 4) - 32))
        }
      }
    }
  }
}
