import Basics
import Foundation
import Kernels

/// Where, when and by what a record was made. Never compared, never part of a digest.
public struct Provenance: Codable, Sendable {
  public var tool: String
  /// `git rev-parse HEAD`, with `+dirty` when the work tree had changes; empty outside a repository.
  public var commit: String
  public var host: String
  public var operatingSystem: String
  public var processors: Int
  /// OpenBLAS's own description of its build and the kernel it chose.
  public var blas: String
  public var workers: Int
  /// ISO 8601, UTC.
  public var finished: String
  /// Wall-clock seconds of this cell.
  public var seconds: Double

  /// What is the same for every cell of this process.
  public static func current(root: URL, workers: Int) -> Provenance {
    let information = ProcessInfo.processInfo
    return Provenance(
      tool: "bfpo \(toolVersion)", commit: gitCommit(root: root), host: information.hostName,
      operatingSystem: information.operatingSystemVersionString, processors: information.activeProcessorCount,
      blas: blasDescription(), workers: workers, finished: "", seconds: 0)
  }

  /// A copy stamped with the present time.
  func finished(after seconds: Double) -> Provenance {
    var copy = self
    copy.finished = Date().formatted(.iso8601)
    copy.seconds = (seconds * 1000).rounded() / 1000
    return copy
  }
}

private func gitCommit(root: URL) -> String {
  guard let head = git(["rev-parse", "HEAD"], root: root), !head.isEmpty else { return "" }
  let changes = git(["status", "--porcelain", "--untracked-files=no"], root: root) ?? ""
  return changes.isEmpty ? head : head + "+dirty"
}

private func git(_ arguments: [String], root: URL) -> String? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["git", "-C", root.path] + arguments
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { return nil }
  return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
