import Basics
import Foundation

/// The element types a safetensors file may name; those with a ``Quantisation`` (and F64) can be read.
enum SafetensorsType: String {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case i64 = "I64"
  case u64 = "U64"
  case f64 = "F64"

  var size: Int {
    switch self {
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
    case .i16, .u16, .f16, .bf16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64: 8
    }
  }
}

/// One safetensors file, its header checked in full when it is opened; little-endian, row-major.
///
/// Source: huggingface/safetensors `tensor.rs`: header length, JSON header, one buffer without holes or overlaps.
package struct SafetensorsFile: Sendable {
  struct Tensor: Sendable {
    var type: SafetensorsType
    var shape: [Int]
    /// Bytes of the file.
    var range: Range<Int>
  }

  /// The most bytes a header may have, as in the reference reader.
  static let headerLimit = 100_000_000

  let file: MappedFile
  package let metadata: [String: String]
  let tensors: [String: Tensor]

  package init(_ url: URL) throws { try self.init(MappedFile(url)) }

  /// Checks a file held in memory; `path` is used in messages.
  package init(path: String, data: Data) throws { try self.init(MappedFile(path: path, data: data)) }

  init(_ file: MappedFile) throws {
    self.file = file
    guard file.count >= 8 else { throw file.error("not a safetensors file", because: "it has fewer than 8 bytes") }
    let bytes = file.data.span
    var length: UInt64 = 0
    for i in 0..<8 { length |= UInt64(bytes[i]) << UInt64(8 * i) }
    guard length <= UInt64(min(file.count - 8, Self.headerLimit)) else {
      throw file.error(
        "impossible header length", in: "header", because: "\(length) bytes, and the file has \(file.count)",
        advice: "the file is truncated, damaged or not a safetensors file: get it again")
    }
    let start = 8 + Int(length)
    guard length > 0, bytes[8] == UInt8(ascii: "{") else {
      throw file.error("not a safetensors file", in: "header", because: "the header does not begin with `{`")
    }
    let header = try JSONTree(bytes.extracting(8..<start), source: "\(file.path), header")
    var tensors: [String: Tensor] = [:]
    var metadata: [String: String] = [:]
    for (name, value) in header.object ?? [] {
      if name == "__metadata__" {
        metadata = try strings(value, file)
      } else {
        tensors[name] = try tensorEntry(value, name, dataStart: start, file)
      }
    }
    try checkCoverage(tensors, dataStart: start, file)
    self.tensors = tensors
    self.metadata = metadata
  }

  /// A tensor's elements as float32, or nil when the file has none of that name.
  ///
  /// - Throws: ``UserError`` when its shape differs or its type is not a floating-point one.
  package func tensor(named name: String, shape: [Int]) throws -> [Float]? {
    guard let tensor = tensors[name] else { return nil }
    let part = "tensor `\(name)`"
    guard tensor.shape == shape else {
      throw file.error("a tensor has the wrong shape", in: part, because: "\(tensor.shape), expected \(shape)")
    }
    let bytes = file.data.span.extracting(tensor.range)
    let count = shape.reduce(1, *)
    switch tensor.type {
    case .f32: return dequantised(bytes, as: .f32, count: count)
    case .f16: return dequantised(bytes, as: .f16, count: count)
    case .bf16: return dequantised(bytes, as: .bf16, count: count)
    case .f64: return rounded(bytes, count: count)
    default:
      throw file.error(
        "tensor type \(tensor.type.rawValue) cannot be read", in: part, because: "only F32, F16, BF16 and F64 can",
        advice: "save the model in one of these, without quantisation")
    }
  }
}

/// float64 elements, rounded to float32.
private func rounded(_ bytes: Span<UInt8>, count: Int) -> [Float] {
  (0..<count).map { i in
    var bits: UInt64 = 0
    for j in 0..<8 { bits |= UInt64(bytes[8 * i + j]) << UInt64(8 * j) }
    return Float(Double(bitPattern: bits))
  }
}

private func strings(_ value: JSONTree, _ file: MappedFile) throws -> [String: String] {
  var result: [String: String] = [:]
  guard let members = value.object else { throw file.error("the metadata are not an object", in: "`__metadata__`") }
  for (key, value) in members {
    guard let text = value.string else { throw file.error("a metadata value is not a string", in: "key `\(key)`") }
    result[key] = text
  }
  return result
}

private func tensorEntry(_ value: JSONTree, _ name: String, dataStart: Int, _ file: MappedFile) throws
  -> SafetensorsFile.Tensor
{
  let part = "tensor `\(name)`"
  guard let members = value.object, Set(members.map(\.key)) == ["dtype", "shape", "data_offsets"] else {
    throw file.error("an entry is not {dtype, shape, data_offsets}", in: part)
  }
  guard let type = value["dtype"]?.string.flatMap(SafetensorsType.init) else {
    throw file.error("unknown element type", in: part, because: value["dtype"]?.string.map { "`\($0)`" })
  }
  func numbers(_ key: String) throws -> [Int] {
    let list = (value[key]?.array ?? []).map { $0.integer ?? -1 }
    guard value[key]?.array != nil, list.allSatisfy({ $0 >= 0 }) else {
      throw file.error("not a list of whole numbers", in: "\(part), key `\(key)`")
    }
    return list
  }
  let shape = try numbers("shape")
  let offsets = try numbers("data_offsets")
  var size = type.size
  for dimension in shape {
    let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
    guard !overflow else { throw file.error("a shape is too large", in: part, because: "\(shape)") }
    size = product
  }
  guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= file.count - dataStart else {
    throw file.error(
      "a tensor lies outside the file", in: part,
      because: "offsets \(offsets), and there are \(file.count - dataStart) bytes of data",
      advice: "the file is truncated or damaged: get it again")
  }
  guard offsets[1] - offsets[0] == size else {
    throw file.error(
      "a tensor's size does not fit its shape", in: part,
      because: "\(offsets[1] - offsets[0]) bytes for \(type.rawValue) \(shape)")
  }
  return SafetensorsFile.Tensor(type: type, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
}

/// Tensors must follow one another without holes or overlaps and end where the file ends.
private func checkCoverage(_ tensors: [String: SafetensorsFile.Tensor], dataStart: Int, _ file: MappedFile) throws {
  var end = dataStart
  let ordered = tensors.sorted {
    ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
      < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
  }
  for (name, tensor) in ordered {
    guard tensor.range.lowerBound == end else {
      throw file.error(
        tensor.range.lowerBound < end ? "two tensors share bytes" : "there is a hole between tensors",
        in: "tensor `\(name)`",
        because: "it begins at byte \(tensor.range.lowerBound) and the one before ends at \(end)")
    }
    end = tensor.range.upperBound
  }
  guard end == file.count else {
    throw file.error("there are bytes after the last tensor", because: "tensors end at byte \(end) of \(file.count)")
  }
}
