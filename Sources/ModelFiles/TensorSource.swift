import Foundation

/// Where a model's weights come from: a GGUF file, a safetensors folder, or memory in a test.
///
/// Names and layout are Hugging Face's: `model.embed_tokens.weight` [vocabulary, hidden],
/// `model.layers.N.self_attn.{q,k,v,o}_proj.weight` [out, in] with rotate-half rotary order,
/// `model.layers.N.mlp.{gate,up,down}_proj.weight` [out, in], `model.layers.N.{input,post_attention}_layernorm.weight` [hidden],
/// `model.norm.weight` [hidden], and, when not tied, `lm_head.weight` [vocabulary, hidden].
public protocol TensorSource {
  var configuration: LlamaConfiguration { get }
  /// The tensor's elements, row-major, dequantised to float32.
  ///
  /// - Throws: ``UserError`` when it is missing, has another shape, or cannot be read.
  func tensor(named name: String, shape: [Int]) throws -> [Float]
  /// A matrix as the file packs it, when it does so in blocks of 32 weights; dequantised, it is what ``tensor(named:shape:)`` gives.
  func blocks(named name: String) -> QuantisedMatrix?
}

extension TensorSource {
  public func blocks(named name: String) -> QuantisedMatrix? { nil }
}

/// A matrix in blocks of 32 weights along its rows.
public struct QuantisedMatrix: Sendable {
  /// `q4Scaled`, `q4Affine` or `q8Scaled`.
  public let packing: Quantisation
  public let rows: Int
  public let columns: Int
  /// [rows][columns / 32] blocks; part of the mapped file, not a copy.
  public let bytes: Data
  /// The row of `bytes` that is each row of the matrix, [rows]; nil when they are in order.
  public let order: [UInt32]?

  public init(packing: Quantisation, rows: Int, columns: Int, bytes: Data, order: [UInt32]? = nil) {
    self.packing = packing
    self.rows = rows
    self.columns = columns
    self.bytes = bytes
    self.order = order
  }
}
