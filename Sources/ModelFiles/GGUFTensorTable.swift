import Basics

/// Reads the table of tensors and checks every entry and all of them together.
func readTensorTable(_ cursor: inout GGUFCursor, count: Int, alignment: Int) throws -> [GGUFTensor] {
  let file = cursor.file
  var entries: [TableEntry] = []
  var names: Set<String> = []
  for index in 0..<count {
    cursor.part = "tensor \(index)"
    let entry = try readEntry(&cursor)
    guard names.insert(entry.name).inserted else { throw file.error("a tensor's name occurs twice", in: cursor.part) }
    entries.append(entry)
  }
  let start = (cursor.position + alignment - 1) / alignment * alignment
  let tensors = try entries.map { try $0.placed(in: file, dataStart: start, alignment: alignment) }
  try checkOverlap(tensors, file)
  return tensors
}

/// A row of the table as the file states it.
private struct TableEntry {
  var name: String
  var shape: [Int]
  var type: GGUFTensorType
  /// Bytes, from the start of the data section.
  var relativeOffset: UInt64

  /// The tensor's range in the file, once it is known to lie there.
  func placed(in file: MappedFile, dataStart: Int, alignment: Int) throws -> GGUFTensor {
    let part = "tensor `\(name)`"
    guard relativeOffset % UInt64(alignment) == 0 else {
      throw file.error(
        "a tensor's offset is not aligned", in: part, because: "\(relativeOffset) is no multiple of \(alignment)")
    }
    // Dimensions were checked to multiply without overflow, and no packing takes more than eight bytes an element.
    let (bytes, overflow) = (shape.reduce(1, *) / type.blockElements).multipliedReportingOverflow(by: type.blockBytes)
    let available = max(0, file.count - dataStart)
    guard !overflow, bytes <= available, relativeOffset <= UInt64(available - bytes) else {
      throw file.error(
        "a tensor reaches past the end of the file", in: part,
        because: "\(type.name) \(shape) at data offset \(relativeOffset), but there are \(available) bytes of data",
        advice: "the file is truncated or damaged: fetch it again")
    }
    return GGUFTensor(
      name: name, shape: shape, type: type, offset: dataStart + Int(relativeOffset), byteCount: bytes)
  }
}

private func readEntry(_ cursor: inout GGUFCursor) throws -> TableEntry {
  let file = cursor.file
  let name = try cursor.string(limit: 63)
  if name.isEmpty { throw file.error("a tensor has no name", in: cursor.part) }
  cursor.part = "tensor `\(name)`"
  let rank = try cursor.integer(UInt32.self)
  guard (1...4).contains(rank) else {
    throw file.error("impossible number of dimensions", in: cursor.part, because: "\(rank); 1 to 4 are allowed")
  }
  var dimensions: [Int] = []
  var product = 1
  for _ in 0..<rank {
    let dimension = try cursor.integer(UInt64.self)
    let (next, overflow) = product.multipliedReportingOverflow(by: Int(clamping: dimension))
    guard dimension > 0, dimension <= UInt64(Int.max), !overflow else {
      throw file.error(
        "impossible dimensions", in: cursor.part,
        because: "\(dimensions + [Int(clamping: dimension)]) is zero or too large")
    }
    product = next
    dimensions.append(Int(dimension))
  }
  let number = try cursor.integer(UInt32.self)
  guard let type = GGUFTensorType(number: number) else {
    throw file.error(
      "unknown tensor type \(number)", in: cursor.part,
      advice: "the file may be newer than this program, or damaged")
  }
  guard dimensions[0] % type.blockElements == 0 else {
    throw file.error(
      "rows are not whole blocks", in: cursor.part,
      because: "a row has \(dimensions[0]) elements and a block of \(type.name) has \(type.blockElements)")
  }
  let offset = try cursor.integer(UInt64.self)
  return TableEntry(name: name, shape: dimensions.reversed(), type: type, relativeOffset: offset)
}

private func checkOverlap(_ tensors: [GGUFTensor], _ file: MappedFile) throws {
  let ordered = tensors.sorted { $0.offset < $1.offset }
  for (first, second) in zip(ordered, ordered.dropFirst()) where first.offset + first.byteCount > second.offset {
    throw file.error(
      "two tensors share bytes", in: "tensors `\(first.name)` and `\(second.name)`",
      because: "the first ends at byte \(first.offset + first.byteCount), the second begins at \(second.offset)")
  }
}
