import Basics
import Foundation

/// SHA-256 of files.
public enum FileDigest {
  /// The digest of a file's content, as 64 hexadecimal digits.
  ///
  /// - Throws: ``UserError`` (66) when it is missing, (65) when it cannot be read.
  public static func of(_ url: URL) throws -> String {
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
      throw UserError(
        "cannot read the file", at: url.relativePath, because: error.localizedDescription, exitCode: .inputMissing)
    }
    var hash = SHA256()
    for start in stride(from: 0, to: data.count, by: 1 << 20) {
      hash.update(data[start..<min(start + 1 << 20, data.count)])
    }
    return hash.finalize()
  }
}
