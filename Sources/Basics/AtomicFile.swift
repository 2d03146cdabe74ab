import Foundation
import Synchronization

/// Tells the temporary files of threads, processes and machines apart.
private let writer = "\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8))"
private let writes = Atomic(0)

/// Reads and writes whole files; a write is atomic: temporary file in the same folder, fsync, rename.
public enum AtomicFile {
  /// - Throws: ``UserError`` (66) when the file is missing, (65) when it cannot be read.
  public static func read(_ url: URL, advice: String? = nil) throws -> Data {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw UserError("file not found", at: url.path, advice: advice ?? "check the path", exitCode: .inputMissing)
    }
    if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
      throw UserError("a folder, not a file", at: url.path, advice: "name a file", exitCode: .badData)
    }
    do {
      return try Data(contentsOf: url)
    } catch {
      throw UserError("cannot read the file", at: url.path, because: plain(error), exitCode: .badData)
    }
  }

  /// Writes `data` so that a reader, or a run after a crash, sees the old file or the new one, never a part.
  ///
  /// - Throws: ``UserError`` (73) when the folder cannot be made or written, or the disk is full.
  public static func write(_ data: Data, to url: URL) throws { try write(to: url) { try $0.write(contentsOf: data) } }

  /// Writes a file piece by piece, with the same promise: `body` gets an open handle on the temporary file.
  ///
  /// - Throws: ``UserError`` (73) when the folder cannot be made or written, or the disk is full; a ``UserError`` of `body` as it is.
  public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
    let temporary = url.deletingLastPathComponent()
      .appendingPathComponent(
        ".\(url.lastPathComponent).\(writer)-\(writes.wrappingAdd(1, ordering: .relaxed).newValue).part")
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: temporary)
      let handle = try FileHandle(forWritingTo: temporary)
      try body(handle)
      try handle.synchronize()
      try handle.close()
      if unsafe rename(temporary.path, url.path) != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      if let error = error as? UserError { throw error }
      throw UserError(
        "cannot write the file", at: url.path, because: plain(error),
        advice: "check that the folder exists, that you may write there, and that the disk is not full",
        exitCode: .cannotCreateOutput)
    }
  }

  public static func write(_ text: String, to url: URL) throws { try write(Data(text.utf8), to: url) }

  private static func plain(_ error: any Error) -> String {
    let error = error as NSError
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError { return plain(underlying) }
    if error.domain == NSPOSIXErrorDomain { return unsafe String(cString: strerror(Int32(error.code))) }
    return error.localizedDescription
  }
}
