import Foundation

/// Builds GGUF files byte by byte, sound or not.
public struct GGUFBuilder {
  public enum Value {
    case uint32(UInt32)
    case float32(Float)
    case bool(UInt8)
    case string(String)
    case strings([String])
    case int32s([Int32])
    /// A type number and the bytes after it.
    case raw(UInt32, [UInt8])
  }

  public struct Tensor {
    public var name: String
    /// Fastest-varying first, as the file has them.
    public var dimensions: [UInt64]
    public var type: UInt32
    public var data: [UInt8]
    /// Instead of the next aligned offset.
    public var offset: UInt64?
    /// Instead of the number of dimensions.
    public var rank: UInt32?

    public init(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, data: [UInt8]? = nil, offset: UInt64? = nil) {
      self.name = name
      self.dimensions = dimensions
      self.type = type
      self.data = data ?? [UInt8](repeating: 0, count: Int(dimensions.reduce(1, *)) * 4)
      self.offset = offset
    }
  }

  public var magic = Array("GGUF".utf8)
  public var version: UInt32 = 3
  public var metadata: [(key: String, value: Value)] = []
  public var tensors: [Tensor] = []
  public var alignment = 32
  /// Instead of the true counts.
  public var tensorCount: UInt64?
  public var keyCount: UInt64?

  public init() {}

  public mutating func set(_ key: String, _ value: Value) {
    metadata.removeAll { $0.key == key }
    metadata.append((key, value))
  }

  public var bytes: [UInt8] {
    var out = magic + little(version) + little(tensorCount ?? UInt64(tensors.count))
    out += little(keyCount ?? UInt64(metadata.count))
    for (key, value) in metadata { out += string(key) + encoded(value) }
    var data: [UInt8] = []
    for tensor in tensors {
      data += padding(data.count)
      out += string(tensor.name) + little(tensor.rank ?? UInt32(tensor.dimensions.count))
      out += tensor.dimensions.flatMap(little) + little(tensor.type) + little(tensor.offset ?? UInt64(data.count))
      data += tensor.data
    }
    return out + padding(out.count) + data
  }

  private func padding(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (alignment - count % alignment) % alignment)
  }

  private func encoded(_ value: Value) -> [UInt8] {
    switch value {
    case .uint32(let number): little(UInt32(4)) + little(number)
    case .float32(let number): little(UInt32(6)) + little(number.bitPattern)
    case .bool(let byte): little(UInt32(7)) + [byte]
    case .string(let text): little(UInt32(8)) + string(text)
    case .strings(let list):
      little(UInt32(9)) + little(UInt32(8)) + little(UInt64(list.count)) + list.flatMap(string)
    case .int32s(let list): little(UInt32(9)) + little(UInt32(5)) + little(UInt64(list.count)) + list.flatMap(little)
    case .raw(let type, let bytes): little(type) + bytes
    }
  }

  private func string(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }
}

/// The bytes of an integer, lowest first.
public func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
}

extension GGUFBuilder {
  /// A sound one-layer Llama of width 32 with 40 tokens, whose element number i is i / 7 mod 2.
  public static var tinyLlama: GGUFBuilder {
    var file = GGUFBuilder()
    file.set("general.architecture", .string("llama"))
    for (key, value) in [
      ("context_length", 64), ("embedding_length", 32), ("block_count", 1), ("feed_forward_length", 64),
      ("attention.head_count", 2), ("attention.head_count_kv", 1), ("rope.dimension_count", 16), ("vocab_size", 40),
    ] as [(String, UInt32)] { file.set("llama.\(key)", .uint32(value)) }
    file.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
    file.set("llama.rope.freq_base", .float32(10000))
    let layer: [(String, [UInt64])] = [
      ("attn_norm", [32]), ("attn_q", [32, 32]), ("attn_k", [32, 16]), ("attn_v", [32, 16]), ("attn_output", [32, 32]),
      ("ffn_norm", [32]), ("ffn_gate", [32, 64]), ("ffn_up", [32, 64]), ("ffn_down", [64, 32]),
    ]
    file.tensors =
      [tensor("token_embd.weight", [32, 40])] + layer.map { tensor("blk.0.\($0.0).weight", $0.1) }
      + [tensor("output_norm.weight", [32])]
    return file
  }

  private static func tensor(_ name: String, _ dimensions: [UInt64]) -> Tensor {
    let count = Int(dimensions.reduce(1, *))
    return Tensor(
      name, dimensions,
      data: (0..<count).flatMap { little((Float($0) / 7).truncatingRemainder(dividingBy: 2).bitPattern) })
  }
}
