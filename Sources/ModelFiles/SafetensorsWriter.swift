import Basics
import Foundation

/// Writes a safetensors file of float32 tensors, atomically and without holding more than one of them.
///
/// - Parameters:
///   - tensors: names and shapes; data are laid out in this order.
///   - metadata: what the file says about itself, strings only.
///   - body: calls its argument once for every tensor, in any order, with its row-major elements.
/// - Throws: ``UserError`` (73) when the file cannot be written.
public func writeSafetensors(
  to url: URL, tensors: [(name: String, shape: [Int])], metadata: [String: String],
  _ body: (_ write: (_ name: String, _ elements: [Float]) throws -> Void) throws -> Void
) throws {
  var places: [String: (offset: Int, count: Int)] = [:]
  var entries = [metadata.isEmpty ? nil : "\"__metadata__\":\(try canonicalJSON(metadata))"].compactMap(\.self)
  var size = 0
  for (name, shape) in tensors {
    let count = shape.reduce(1, *)
    places[name] = (size, count)
    let dimensions = shape.map(String.init).joined(separator: ",")
    entries.append(
      "\(try canonicalJSON(name)):{\"dtype\":\"F32\",\"shape\":[\(dimensions)],\"data_offsets\":[\(size),\(size + 4 * count)]}"
    )
    size += 4 * count
  }
  precondition(places.count == tensors.count, "a tensor's name occurs twice")
  var header = Array("{\(entries.joined(separator: ","))}".utf8)
  // The reference writer pads the header with spaces so that data are aligned to eight bytes.
  while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
  try AtomicFile.write(to: url) { handle in
    var length = Data()
    for shift in 0..<8 { length.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    try handle.write(contentsOf: length + Data(header))
    try body { name, elements in
      guard let place = places.removeValue(forKey: name) else {
        preconditionFailure("tensor `\(name)` was not announced, or is written twice")
      }
      precondition(elements.count == place.count, "\(elements.count) elements of `\(name)`, expected \(place.count)")
      try handle.seek(toOffset: UInt64(8 + header.count + place.offset))
      try writeLittleEndian(elements, to: handle)
    }
    precondition(places.isEmpty, "tensors not written: \(places.keys.sorted().joined(separator: ", "))")
  }
}

private func writeLittleEndian(_ elements: [Float], to handle: FileHandle) throws {
  let chunk = 1 << 18
  for start in stride(from: 0, to: elements.count, by: chunk) {
    let end = min(start + chunk, elements.count)
    let bytes = [UInt8](capacity: 4 * (end - start)) { output in
      for i in start..<end {
        let bits = elements[i].bitPattern
        output.append(UInt8(truncatingIfNeeded: bits))
        output.append(UInt8(truncatingIfNeeded: bits >> 8))
        output.append(UInt8(truncatingIfNeeded: bits >> 16))
        output.append(UInt8(truncatingIfNeeded: bits >> 24))
      }
    }
    try handle.write(contentsOf: Data(bytes))
  }
}
