import Basics
import Foundation

/// Reads files out of a zip archive such as a Python wheel: stored or deflated entries, each with its checksum verified.
///
/// Source: PKWARE APPNOTE 6.3, without zip64, encryption and split archives.
public struct ZipArchive: Sendable {
  /// A file in the archive, as its directory states it.
  public struct Entry: Sendable {
    public let name: String
    let method: Int
    let checksum: UInt32
    let compressedSize: Int
    public let size: Int
    let headerOffset: Int
  }

  private let file: MappedFile
  public let entries: [Entry]

  /// Opens an archive and reads its directory.
  ///
  /// - Throws: ``UserError`` (66) when it is missing, (65) when it is not a sound zip archive.
  public init(_ url: URL) throws { try self.init(MappedFile(url)) }

  /// An archive held in memory; `path` is used in messages.
  package init(path: String, data: Data) throws { try self.init(MappedFile(path: path, data: data)) }

  private init(_ file: MappedFile) throws {
    self.file = file
    entries = try readDirectory(ZipReader(file: file))
  }

  /// An entry's content.
  ///
  /// - Parameter limit: the most bytes to produce.
  /// - Throws: ``UserError`` (65) when it is damaged, larger than `limit`, or packed in another way.
  public func content(of entry: Entry, limit: Int) throws -> [UInt8] {
    let reader = ZipReader(file: file)
    let part = "entry `\(entry.name)`"
    let at = entry.headerOffset
    guard try reader.number(at, 4, part) == 0x0403_4b50 else {
      throw file.error("damaged zip archive", in: part, because: "its header is not where the directory says")
    }
    let start = try at + 30 + reader.number(at + 26, 2, part) + reader.number(at + 28, 2, part)
    guard entry.size <= limit else {
      throw file.error("an entry is too large", in: part, because: "\(entry.size) bytes, at most \(limit) are expected")
    }
    guard start <= file.count - entry.compressedSize else {
      throw file.error("damaged zip archive", in: part, because: "it reaches past the end of the file")
    }
    let packed = [UInt8](file.data[start..<start + entry.compressedSize])
    let content = try unpacked(packed, entry, part)
    guard content.count == entry.size, crc32(content) == entry.checksum else {
      throw file.error(
        "damaged zip archive", in: part, because: "its size or checksum is wrong", advice: "get it again")
    }
    return content
  }

  private func unpacked(_ packed: [UInt8], _ entry: Entry, _ part: String) throws -> [UInt8] {
    switch entry.method {
    case 0: return packed
    case 8:
      var inflater = Inflater(packed, from: 0, limit: entry.size)
      var content: [UInt8] = []
      content.reserveCapacity(entry.size)
      do {
        _ = try inflater.decode(into: &content)
      } catch {
        throw file.error("damaged zip archive", in: part, because: "\(error)", advice: "get it again")
      }
      return content
    default:
      throw file.error(
        "an entry is packed in a way that is not supported", in: part, because: "method \(entry.method)")
    }
  }
}

/// Little-endian numbers of a file, every one checked to lie inside it.
private struct ZipReader {
  let file: MappedFile

  func number(_ offset: Int, _ size: Int, _ part: String) throws -> Int {
    guard offset >= 0, offset <= file.count - size else {
      throw file.error("damaged zip archive", in: part, because: "it ends too early", advice: "get it again")
    }
    let bytes = file.data.span
    return (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}

private func readDirectory(_ reader: ZipReader) throws -> [ZipArchive.Entry] {
  let file = reader.file
  let part = "directory"
  // The end record has 22 bytes and a comment of at most 65535.
  var end = file.count - 22
  while end >= max(0, file.count - 22 - 65535), try reader.number(end, 4, part) != 0x0605_4b50 { end -= 1 }
  guard end >= max(0, file.count - 22 - 65535) else {
    throw file.error(
      "not a zip archive", because: "it has no directory", advice: "the file is truncated or of another kind")
  }
  let count = try reader.number(end + 10, 2, part)
  var position = try reader.number(end + 16, 4, part)
  var entries: [ZipArchive.Entry] = []
  for _ in 0..<count {
    guard try reader.number(position, 4, part) == 0x0201_4b50 else {
      throw file.error("damaged zip archive", in: part, because: "an entry is not where it should be")
    }
    let nameLength = try reader.number(position + 28, 2, part)
    let rest = try reader.number(position + 30, 2, part) + reader.number(position + 32, 2, part)
    let nameStart = position + 46
    guard nameStart + nameLength <= file.count else { throw file.error("damaged zip archive", in: part) }
    entries.append(
      ZipArchive.Entry(
        name: String(decoding: file.data[nameStart..<nameStart + nameLength], as: UTF8.self),
        method: try reader.number(position + 10, 2, part),
        checksum: UInt32(try reader.number(position + 16, 4, part)),
        compressedSize: try reader.number(position + 20, 4, part), size: try reader.number(position + 24, 4, part),
        headerOffset: try reader.number(position + 42, 4, part)))
    position = nameStart + nameLength + rest
  }
  return entries
}
