import Basics
import Foundation

/// A record's SHA-256 in its own first line, over the text without that line: a hand-edited number does not go unnoticed.
enum RecordChecksum {
  private static let key = "  \"checksum\" : \""

  /// - Parameter text: a record as pretty JSON, which begins with a line `{`.
  static func add(to text: String) -> String {
    precondition(text.hasPrefix("{\n"), "a record is an object of several lines")
    return "{\n\(key)\(SHA256.hex(of: text))\",\n" + text.dropFirst(2)
  }

  /// Whether the content is what was written; nil for a record without a checksum.
  static func check(_ data: Data) -> Bool? {
    let bytes = [UInt8](data)
    let start = Array("{\n\(key)".utf8)
    guard bytes.starts(with: start), bytes.count > start.count + 67 else { return nil }
    let digest = String(decoding: bytes[start.count..<(start.count + 64)], as: UTF8.self)
    let rest = bytes[(start.count + 67)...]
    return bytes[(start.count + 64)..<(start.count + 67)].elementsEqual("\",\n".utf8)
      && SHA256.hex(of: Array("{\n".utf8) + rest) == digest
  }
}
