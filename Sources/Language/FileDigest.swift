import Basics
import Foundation

/// SHA-256 of files, remembered beside large ones.
public enum FileDigest {
  /// Files of at least so many bytes get a note of their digest: hashing 100 MB takes about half a second.
  static let noteThreshold = 16 << 20

  /// The digest of a file's content, as 64 hexadecimal digits.
  ///
  /// A large file's digest is noted in `.NAME.sha256` beside it together with the file's size, time of change and number; the note
  /// counts only while all three are the same. Where the folder cannot be written, the digest is computed every time.
  ///
  /// - Throws: ``UserError`` (66) when the file is missing, (65) when it cannot be read.
  public static func of(_ url: URL) throws -> String {
    let stamp = stamp(of: url)
    let note = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).sha256")
    if let stamp, let text = try? String(contentsOf: note, encoding: .utf8) {
      let lines = text.split(separator: "\n")
      if lines.count == 2, lines[1] == stamp, lines[0].utf8.count == 64 { return String(lines[0]) }
    }
    let digest = try computed(url)
    // Only if nothing changed while it was read.
    if let stamp, stamp == Self.stamp(of: url) { try? AtomicFile.write("\(digest)\n\(stamp)\n", to: note) }
    return digest
  }

  private static func computed(_ url: URL) throws -> String {
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
      let isMissing = !FileManager.default.fileExists(atPath: url.path)
      throw UserError(
        "cannot read the file", at: url.relativePath, because: error.localizedDescription,
        exitCode: isMissing ? .inputMissing : .badData)
    }
    var hash = SHA256()
    for start in stride(from: 0, to: data.count, by: 1 << 20) {
      hash.update(data[start..<min(start + 1 << 20, data.count)])
    }
    return hash.finalize()
  }

  /// Size, time of change and file number; nil for a small file, and for one so new that a later change might not show.
  private static func stamp(of url: URL) -> String? {
    let path = url.resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let size = attributes[.size] as? NSNumber, let changed = attributes[.modificationDate] as? Date,
      let number = attributes[.systemFileNumber] as? NSNumber, size.intValue >= noteThreshold,
      Date().timeIntervalSince(changed) > 2
    else { return nil }
    return "\(size) \(changed.timeIntervalSince1970) \(number)"
  }
}
