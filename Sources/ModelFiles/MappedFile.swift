import Basics
import Foundation

/// A file mapped into memory: bytes are read from the disk only when they are looked at.
struct MappedFile: Sendable {
  /// The path as it appears in messages.
  let path: String
  let data: Data

  var count: Int { data.count }

  /// - Throws: ``UserError`` (66) when the file is missing, (65) when it cannot be mapped.
  init(_ url: URL, advice: String? = nil) throws {
    path = url.relativePath
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw UserError(
        "file not found", at: path, advice: advice ?? "check the path", exitCode: .inputMissing)
    }
    if isFolder.boolValue {
      throw UserError("expected a file, found a folder", at: path, advice: advice, exitCode: .badData)
    }
    do {
      data = try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
      throw UserError(
        "cannot read the file", at: path, because: error.localizedDescription,
        advice: "check that you may read it", exitCode: .badData)
    }
  }

  /// Bytes of a file that exists only in memory, for tests of hostile content.
  init(path: String, data: Data) {
    self.path = path
    self.data = data
  }

  /// An error about this file's content.
  func error(_ what: String, in part: String? = nil, because why: String? = nil, advice: String? = nil) -> UserError {
    UserError(
      what, at: part.map { "\(path), \($0)" } ?? path, because: why, advice: advice, exitCode: .badData)
  }
}
