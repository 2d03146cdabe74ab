/// The elements of packed blocks as float32.
///
/// The arithmetic is ggml's reference, one rounding per product and per sum, so values equal those of other readers bit for bit.
///
/// - Parameters:
///   - bytes: the blocks, one after another; little-endian.
///   - count: the number of elements; a multiple of the packing's block.
/// - Returns: the elements in order, [count].
///
/// Source: ggml `ggml-quants.c`, `dequantize_row_*`.
public func dequantised(_ bytes: Span<UInt8>, as packing: Quantisation, count: Int) -> [Float] {
  let type = GGUFTensorType(number: packing.rawValue)!
  precondition(count % type.blockElements == 0, "\(count) elements are not whole blocks of \(type.blockElements)")
  let blocks = count / type.blockElements
  precondition(bytes.count == blocks * type.blockBytes, "\(bytes.count) bytes for \(blocks) blocks of \(type.name)")
  return [Float](capacity: count) { output in
    switch packing {
    case .f32: unpackFloat32(bytes, blocks, &output)
    case .f16: unpackFloat16(bytes, blocks, &output)
    case .bf16: unpackBrainFloat(bytes, blocks, &output)
    case .q8Scaled: unpackQ8(bytes, blocks, &output)
    case .q4Scaled: unpackQ4(bytes, blocks, hasMinimum: false, &output)
    case .q4Affine: unpackQ4(bytes, blocks, hasMinimum: true, &output)
    case .q5Scaled: unpackQ5(bytes, blocks, hasMinimum: false, &output)
    case .q5Affine: unpackQ5(bytes, blocks, hasMinimum: true, &output)
    case .q4Superblock: unpackQ4K(bytes, blocks, &output)
    case .q5Superblock: unpackQ5K(bytes, blocks, &output)
    case .q6Superblock: unpackQ6K(bytes, blocks, &output)
    }
  }
}

/// IEEE 754 binary16 to binary32, exactly, NaN payloads and subnormals included.
@inline(__always)
func float32(half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let rest = UInt32(half & 0x7fff) << 13
  // 2¹¹² moves the exponent's bias from 15 to 127, and turns half's subnormals into normals.
  let scaled = (Float(bitPattern: rest) * 0x1p112).bitPattern
  return Float(bitPattern: sign | (half & 0x7c00 == 0x7c00 ? rest | 0x7f80_0000 : scaled))
}

@inline(__always)
func half(_ bytes: Span<UInt8>, _ at: Int) -> Float {
  float32(half: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
}

private func unpackFloat32(_ bytes: Span<UInt8>, _ count: Int, _ output: inout OutputSpan<Float>) {
  for i in 0..<count {
    let at = 4 * i
    let low = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
    output.append(Float(bitPattern: low | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24))
  }
}

private func unpackFloat16(_ bytes: Span<UInt8>, _ count: Int, _ output: inout OutputSpan<Float>) {
  for i in 0..<count { output.append(half(bytes, 2 * i)) }
}

/// bfloat16 is the upper half of a float32.
private func unpackBrainFloat(_ bytes: Span<UInt8>, _ count: Int, _ output: inout OutputSpan<Float>) {
  for i in 0..<count {
    output.append(Float(bitPattern: UInt32(bytes[2 * i]) << 16 | UInt32(bytes[2 * i + 1]) << 24))
  }
}

///     w = d·q        f16 d, 32 × int8 q
private func unpackQ8(_ bytes: Span<UInt8>, _ blocks: Int, _ output: inout OutputSpan<Float>) {
  for block in 0..<blocks {
    let at = block * 34
    let scale = half(bytes, at)
    for i in 0..<32 { output.append(scale * Float(Int8(bitPattern: bytes[at + 2 + i]))) }
  }
}

///     Q4_0: w = d·(q − 8)      f16 d, 16 bytes
///     Q4_1: w = d·q + m        f16 d, f16 m, 16 bytes
///
/// The low nibble of byte j is element j, the high one element j + 16.
private func unpackQ4(
  _ bytes: Span<UInt8>, _ blocks: Int, hasMinimum: Bool, _ output: inout OutputSpan<Float>
) {
  let size = hasMinimum ? 20 : 18
  for block in 0..<blocks {
    let at = block * size
    let scale = half(bytes, at)
    let minimum = hasMinimum ? half(bytes, at + 2) : 0
    let nibbles = at + size - 16
    for shift in stride(from: UInt8(0), through: 4, by: 4) {
      for j in 0..<16 {
        let q = Int32((bytes[nibbles + j] >> shift) & 15)
        output.append(hasMinimum ? scale * Float(q) + minimum : scale * Float(q - 8))
      }
    }
  }
}

///     Q5_0: w = d·(q − 16)     f16 d, 32 high bits, 16 bytes
///     Q5_1: w = d·q + m        f16 d, f16 m, 32 high bits, 16 bytes
private func unpackQ5(
  _ bytes: Span<UInt8>, _ blocks: Int, hasMinimum: Bool, _ output: inout OutputSpan<Float>
) {
  let size = hasMinimum ? 24 : 22
  for block in 0..<blocks {
    let at = block * size
    let scale = half(bytes, at)
    let minimum = hasMinimum ? half(bytes, at + 2) : 0
    let nibbles = at + size - 16
    var high: UInt32 = 0
    for i in 0..<4 { high |= UInt32(bytes[nibbles - 4 + i]) << UInt32(8 * i) }
    for j in 0..<32 {
      let low = j < 16 ? bytes[nibbles + j] & 15 : bytes[nibbles + j - 16] >> 4
      let q = Int32(low) | Int32((high >> UInt32(j)) & 1) << 4
      output.append(hasMinimum ? scale * Float(q) + minimum : scale * Float(q - 16))
    }
  }
}
