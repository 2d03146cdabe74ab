import Basics
import Foundation

/// The text of a data file, decompressed, with the digest of the file as it lies on the disk.
struct DataFile {
  /// What messages and reports call the file: the name a person gave, not a path of this machine.
  let name: String
  let sha256: String
  let byteCount: Int
  let bytes: [UInt8]
  let limits: ReadLimits

  /// - Throws: ``UserError`` (66) when the file is missing, (65) when it is a folder, empty, not text, or not whole.
  init(reading url: URL, name: String? = nil, limits: ReadLimits = ReadLimits()) throws {
    let name = name ?? url.lastPathComponent
    var isFolder: ObjCBool = false
    if unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      throw UserError(
        "a folder was named where a data file is expected", at: name, advice: "name one file inside it",
        exitCode: .badData)
    }
    let raw = try [UInt8](AtomicFile.read(url))
    try self.init(raw, name: name, limits: limits)
  }

  init(_ raw: [UInt8], name: String, limits: ReadLimits = ReadLimits()) throws {
    self.name = name
    self.limits = limits
    sha256 = SHA256.hex(of: raw)
    byteCount = raw.count
    if Gzip.isGzip(raw) {
      do {
        bytes = try Gzip.decompress(raw, limit: limits.fileBytes)
      } catch {
        throw Self.refusal(of: error, name: name)
      }
    } else {
      bytes = raw
    }
    try refuseForeignFormats()
  }

  /// Where the JSON begins: after a byte-order mark, if there is one.
  var start: Int { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0 }

  private static func refusal(of error: GzipError, name: String) -> UserError {
    let (what, why): (String, String?) =
      switch error {
      case .notGzip: ("not a gzip file", nil)
      case .truncated: ("the gzip file is truncated", "it ends in the middle of the compressed data")
      case .corrupt(let detail): ("the gzip file is damaged", detail)
      case .checksumMismatch: ("the gzip file is damaged", "its content does not have the checksum stored in it")
      case .tooLarge(let limit): ("the file is too large", "it decompresses to more than \(limit) bytes")
      }
    return UserError(what, at: name, because: why, advice: "download it again; `gzip -t` checks it", exitCode: .badData)
  }

  private func refuseForeignFormats() throws {
    func refuse(_ what: String, because why: String? = nil, advice: String) throws {
      throw UserError(what, at: name, because: why, advice: advice, exitCode: .badData)
    }
    if bytes.count > limits.fileBytes {
      try refuse(
        "the file is too large", because: "it has \(bytes.count) bytes, the limit is \(limits.fileBytes)",
        advice: "split it")
    }
    if bytes.starts(with: Array("PAR1".utf8)) {
      try refuse(
        "Parquet files are not read", because: "they need a library that this program does without",
        advice: """
          export it first: python -c "import pandas; pandas.read_parquet('in.parquet')\
          .to_json('out.jsonl', orient='records', lines=True)"
          """)
    }
    for (magic, tool) in Self.otherCompressions where bytes.starts(with: magic) {
      try refuse("the file is compressed with \(tool)", advice: "decompress it first, or use gzip")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      try refuse(
        "the file is not UTF-8", because: "it begins as UTF-16 does", advice: "convert it: iconv -f UTF-16 -t UTF-8")
    }
    if bytes[start...].allSatisfy({ $0 <= 0x20 }) {
      try refuse("the file is empty", advice: "it should hold one JSON object a line, or a JSON list of objects")
    }
  }

  private static let otherCompressions: [(magic: [UInt8], tool: String)] = [
    ([0x28, 0xb5, 0x2f, 0xfd], "zstd"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"), (Array("BZh".utf8), "bzip2"),
    ([0x50, 0x4b, 3, 4], "zip"),
  ]
}
