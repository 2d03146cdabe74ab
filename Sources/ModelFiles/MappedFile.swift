import Basics
import Foundation

/// A file mapped into memory: bytes are read from the disk only when they are looked at.
struct MappedFile: Sendable {
  /// The path as it appears in messages.
  let path: String
  let data: Data
  /// Whether the bytes are a mapping of the file, whose pages may be given back, and no copy.
  private let isMapping: Bool

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
    guard let mapping = mapped(url.path) else {
      throw UserError(
        "cannot read the file", at: path, because: unsafe String(cString: strerror(errno)),
        advice: "check that you may read it", exitCode: .badData)
    }
    data = mapping
    isMapping = !mapping.isEmpty
  }

  /// Bytes of a file that exists only in memory, for tests of hostile content.
  init(path: String, data: Data) {
    self.path = path
    self.data = data
    isMapping = false
  }

  /// Lets the system take back the memory that the bytes read so far occupy.
  func releasePages() {
    guard isMapping else { return }
    unsafe data.withUnsafeBytes { bytes in
      _ = unsafe madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
    }
  }

  /// An error about this file's content.
  func error(_ what: String, in part: String? = nil, because why: String? = nil, advice: String? = nil) -> UserError {
    UserError(
      what, at: part.map { "\(path), \($0)" } ?? path, because: why, advice: advice, exitCode: .badData)
  }
}

/// A file's bytes as a private mapping that ends with the data; nil when the system refuses, with the reason in `errno`.
private func mapped(_ path: String) -> Data? {
  let file = unsafe open(path, O_RDONLY)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var status = stat()
  guard unsafe fstat(file, &status) == 0 else { return nil }
  let count = Int(status.st_size)
  if count == 0 { return Data() }
  guard let start = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), unsafe start != MAP_FAILED else {
    return nil
  }
  return unsafe Data(bytesNoCopy: start, count: count, deallocator: .unmap)
}
