/// How a GGUF tensor's elements are packed: a type number, and a block of so many elements in so many bytes.
///
/// All types a file may name are known, so that its layout can be checked; those of ``Quantisation`` can be read.
///
/// Source: ggml `ggml_type` and its size table.
public struct GGUFTensorType: Hashable, Sendable {
  public let number: UInt32
  public let name: String
  public let blockElements: Int
  public let blockBytes: Int

  /// How to turn its blocks into numbers, when this program can.
  public var quantisation: Quantisation? { Quantisation(rawValue: number) }

  init?(number: UInt32) {
    guard let (name, elements, bytes) = sizes[number] else { return nil }
    self.number = number
    self.name = name
    blockElements = elements
    blockBytes = bytes
  }
}

/// The packings this program reads: scaled is d·q, affine d·q + m, a superblock packs eight or sixteen scales of its own.
public enum Quantisation: UInt32, CaseIterable, Sendable {
  case f32 = 0
  case f16 = 1
  case q4Scaled = 2
  case q4Affine = 3
  case q5Scaled = 6
  case q5Affine = 7
  case q8Scaled = 8
  case q4Superblock = 12
  case q5Superblock = 13
  case q6Superblock = 14
  case bf16 = 30
}

/// Type number to name, elements per block, bytes per block.
private let sizes: [UInt32: (String, Int, Int)] = [
  0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
  7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
  12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
  16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
  20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
  24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
  29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
]
