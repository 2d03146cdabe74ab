import Basics
import Foundation

/// A process that runs cells, as other processes on the same results folder see it.
public struct Runner: Codable, Equatable, Sendable {
  /// Its name in `runners/` and in claims; no two processes ever have the same.
  public var token: String
  public var host: String
  /// The kernel's boot and process-number space: only within the same ones does `process` mean anything.
  public var space: String
  public var process: Int32
  /// When the process began, in the kernel's own ticks, so that a later process with the same number is not taken for it.
  public var began: String

  /// This process.
  public static func current() -> Runner {
    let process = ProcessInfo.processInfo.processIdentifier
    return Runner(
      token: "\(process)-\(UUID().uuidString.prefix(8).lowercased())", host: ProcessInfo.processInfo.hostName,
      space: processSpace(), process: process, began: kernelProcess(process)?.began ?? "")
  }

  public enum Liveness: Sendable { case alive, dead, unknown }

  /// Whether the process still exists; unknown for a process of another machine, which only its heartbeat can tell.
  public var liveness: Liveness {
    guard space == processSpace(), host == ProcessInfo.processInfo.hostName else { return .unknown }
    guard let found = kernelProcess(self.process) else {
      // Gone, or a system without /proc, where only a signal can ask.
      return began.isEmpty && kill(self.process, 0) == 0 ? .alive : .dead
    }
    return found.began == began && !found.isOver ? .alive : .dead
  }
}

/// What distinguishes this machine's process numbers from others': the boot, and the container's number space.
private func processSpace() -> String {
  let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
  let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
  return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + space
}

/// What the kernel says of a process: field 22 of `/proc/PID/stat`, and whether it has ended and only waits to be collected.
private func kernelProcess(_ process: Int32) -> (began: String, isOver: Bool)? {
  guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
  let text = String(decoding: data, as: UTF8.self)
  // The second field is the program's name in parentheses, which may hold anything.
  guard let end = text.lastIndex(of: ")") else { return nil }
  let fields = text[text.index(after: end)...].split(separator: " ")
  guard fields.count > 19 else { return nil }
  return (String(fields[19]), ["Z", "X"].contains(fields[0]))
}
