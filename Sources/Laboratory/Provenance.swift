import Basics
import Foundation
import Kernels
import Language
import Policies

/// Where, when and by what a record was made. Never compared, never part of a digest.
public struct Provenance: Codable, Sendable {
  public var tool: String
  /// `git rev-parse HEAD`, with `+dirty` when the work tree had changes; empty outside a repository.
  public var commit: String
  /// SHA-256 of the program's file: tells apart builds of one commit, and work trees with changes.
  public var program: String?
  public var host: String
  public var operatingSystem: String
  public var processors: Int
  /// The processor's own name, where the system tells it.
  public var processor: String?
  /// OpenBLAS's own description of its build and the kernel it chose.
  public var blas: String
  /// What multiplies matrices, by precision; absent in records that are older than the choice.
  public var engine: String?
  public var workers: Int
  /// ISO 8601, UTC.
  public var finished: String
  /// Wall-clock seconds of this cell.
  public var seconds: Double
  /// The largest resident memory of the process that ran the cell, bytes: its own where every cell has a process.
  public var peakMemory: Int?
  /// Tokens whose hidden states above the frozen layers were computed, and read from memory instead; see ``HiddenStateCache``.
  public var hiddenStates: HiddenStateCounts?

  /// What is the same for every cell of this process.
  public static func current(root: URL, workers: Int) -> Provenance {
    let information = ProcessInfo.processInfo
    return Provenance(
      tool: "bfpo \(toolVersion)", commit: gitCommit(root: root), program: programDigest, host: information.hostName,
      operatingSystem: information.operatingSystemVersionString, processors: information.activeProcessorCount,
      processor: processorName(),
      blas: blasDescription(), engine: engineDescription(), workers: workers, finished: "", seconds: 0)
  }

  /// What two runs must share for their bytes to be the same.
  static var machine: (processor: String?, blas: String, engine: String?) {
    (processorName(), blasDescription(), engineDescription())
  }

  /// A copy stamped with the present time.
  func finished(after seconds: Double) -> Provenance {
    var copy = self
    copy.finished = Date().formatted(.iso8601)
    copy.seconds = (seconds * 1000).rounded() / 1000
    copy.peakMemory = peakResidentBytes()
    return copy
  }
}

/// Of the program that runs, even if its file has been replaced meanwhile.
let programDigest: String? = {
  let itself = URL(fileURLWithPath: "/proc/self/exe")
  let file = itself.resolvingSymlinksInPath()
  if FileManager.default.fileExists(atPath: file.path) { return try? FileDigest.of(file) }
  return (try? Data(contentsOf: itself)).map { SHA256.hex(of: $0) }
}()

func processorName() -> String? {
  let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
  let line = lines.first { $0.hasPrefix("model name") }
  return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
}

/// The process's largest resident memory so far.
func peakResidentBytes() -> Int {
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Int(usage.ru_maxrss) * 1024
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
