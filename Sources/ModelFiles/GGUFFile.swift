import Basics
import Foundation

/// A tensor's place and packing in a GGUF file.
public struct GGUFTensor: Equatable, Sendable {
  public let name: String
  /// Row-major dimensions, slowest first (the file stores them the other way round).
  public let shape: [Int]
  public let type: GGUFTensorType
  /// Position of the first byte in the file.
  let offset: Int
  public let byteCount: Int

  public var elementCount: Int { shape.reduce(1, *) }
}

/// A GGUF model file, version 2 or 3, little-endian: metadata and a table of tensors, both checked in full when it is opened.
///
/// The content of tensors and arrays is read when asked for.
///
/// Source: ggml `docs/gguf.md`.
public struct GGUFFile: Sendable {
  let file: MappedFile
  public let version: Int
  public let metadata: [String: GGUFValue]
  /// In the order of the file.
  public let tensors: [GGUFTensor]
  private let indices: [String: Int]

  /// Opens and checks a file.
  ///
  /// - Throws: ``UserError`` (66) when it is missing, (65) when anything in it is wrong.
  public init(_ url: URL) throws { try self.init(MappedFile(url)) }

  /// Checks a file held in memory; `path` is used in messages.
  package init(path: String, data: Data) throws { try self.init(MappedFile(path: path, data: data)) }

  init(_ file: MappedFile) throws {
    self.file = file
    var cursor = GGUFCursor(file, part: "header")
    version = try readVersion(&cursor)
    let tensorCount = try cursor.count(of: "tensors", smallest: 33)
    let keyCount = try cursor.count(of: "metadata entries", smallest: 14)
    metadata = try readMetadata(&cursor, count: keyCount)
    tensors = try readTensorTable(&cursor, count: tensorCount, alignment: try alignment(metadata, file))
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  public var path: String { file.path }

  /// The tensor of that name, when the file has it.
  public func tensor(named name: String) -> GGUFTensor? { indices[name].map { tensors[$0] } }

  /// A tensor's elements as float32, row-major.
  ///
  /// - Throws: ``UserError`` when its packing is not one of ``Quantisation``.
  public func elements(of tensor: GGUFTensor) throws -> [Float] {
    guard let packing = tensor.type.quantisation else {
      throw error(
        "tensor type \(tensor.type.name) cannot be read", in: "tensor `\(tensor.name)`",
        advice: "use a file quantised as F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K")
    }
    let bytes = file.data.span.extracting(tensor.offset..<tensor.offset + tensor.byteCount)
    return dequantised(bytes, as: packing, count: tensor.elementCount)
  }

  /// A tensor's bytes; part of the mapped file.
  func bytes(of tensor: GGUFTensor) -> Data {
    let start = file.data.startIndex + tensor.offset
    return file.data[start..<start + tensor.byteCount]
  }

  /// The strings of a string array, or nil when it has another type.
  public func strings(_ array: GGUFArray) throws -> [String]? {
    if array.elementType != .string { return nil }
    var cursor = GGUFCursor(file, at: array.offset, part: "string array at byte \(array.offset)")
    var result: [String] = []
    result.reserveCapacity(array.count)
    for _ in 0..<array.count { result.append(try cursor.string()) }
    return result
  }

  /// The numbers of an integer array, or nil when it has another type or one does not fit.
  public func integers(_ array: GGUFArray) throws -> [Int]? {
    var cursor = GGUFCursor(file, at: array.offset, part: "array at byte \(array.offset)")
    var result: [Int] = []
    for _ in 0..<array.count {
      guard let value = try cursor.value(array.elementType).integer else { return nil }
      result.append(value)
    }
    return result
  }

  /// An error about this file's content.
  func error(_ what: String, in part: String? = nil, because why: String? = nil, advice: String? = nil) -> UserError {
    file.error(what, in: part, because: why, advice: advice)
  }
}

private func readVersion(_ cursor: inout GGUFCursor) throws -> Int {
  let file = cursor.file
  guard file.count >= 4, file.data.prefix(4).elementsEqual("GGUF".utf8) else {
    throw file.error(
      "not a GGUF file", because: "it does not begin with the letters GGUF",
      advice: "name a .gguf file or a folder with config.json and *.safetensors")
  }
  try cursor.skip(4)
  let version = try cursor.integer(UInt32.self)
  switch version {
  case 2, 3: return Int(version)
  case _ where version & 0xffff == 0 && version != 0:
    throw file.error(
      "big-endian GGUF files are not supported", in: "header",
      because: "the version reads \(version.byteSwapped) only when its bytes are swapped",
      advice: "convert it with gguf_convert_endian of the `gguf` Python package")
  default:
    throw file.error(
      "GGUF version \(version) is not supported", in: "header", because: "versions 2 and 3 are",
      advice: "convert the model again with a current llama.cpp")
  }
}

private func readMetadata(_ cursor: inout GGUFCursor, count: Int) throws -> [String: GGUFValue] {
  var metadata: [String: GGUFValue] = [:]
  for index in 0..<count {
    cursor.part = "metadata entry \(index)"
    let key = try cursor.string(limit: 65535)
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw cursor.file.error("a metadata key is empty or not plain ASCII", in: cursor.part)
    }
    cursor.part = "key `\(key)`"
    let value = try cursor.value(try cursor.valueType())
    guard metadata.updateValue(value, forKey: key) == nil else {
      throw cursor.file.error("a metadata key occurs twice", in: cursor.part)
    }
  }
  return metadata
}

/// `general.alignment`, or 32.
private func alignment(_ metadata: [String: GGUFValue], _ file: MappedFile) throws -> Int {
  guard let value = metadata["general.alignment"] else { return 32 }
  guard let alignment = value.integer, alignment > 0, alignment.nonzeroBitCount == 1, alignment <= 1 << 20 else {
    throw file.error(
      "impossible alignment", in: "key `general.alignment`",
      because: "it must be a power of two from 1 to 1048576")
  }
  return alignment
}
