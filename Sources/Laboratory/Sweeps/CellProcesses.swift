import Basics
import Foundation

/// Runs each cell in a process of its own, the same command as a cluster's job: a crash or a lack of memory ends one cell only.
public struct CellProcesses: Sendable {
  /// At the same time.
  public var count: Int
  /// This program. It is started as it was when this process began, even when it has been built anew since.
  public var executable: URL
  /// What runs a cell, by its id.
  public var arguments: @Sendable (_ id: String) -> [String]

  public init(count: Int, executable: URL, arguments: @escaping @Sendable (String) -> [String]) {
    self.count = count
    self.executable = executable
    self.arguments = arguments
  }

  /// How a process tells its parent what it does: a line of standard output each.
  public enum Message {
    static let step = "step "
    static let elsewhere = "elsewhere"

    public static func step(_ step: Int) -> String { "\(self.step)\(step)" }
    public static var held: String { elsewhere }
  }

  func run(_ cell: PlannedCell, context: CellContext, reportStep: (Int) -> Void) throws -> CellEnd {
    let folder = context.folder
    if context.claims.isHeld(cell.id) { return .elsewhere }
    if let status = context.changed(cell) { return .changed(status) }
    let earlier = folder.state(cell.id)
    let log = try CellLog(folder.logFile(cell.id))
    let end = try start(cell.id, log: log, isInterrupted: context.isInterrupted, reportStep: reportStep)
    if let state = folder.state(cell.id), state != earlier, let record = folder.record(cell.id) {
      if record.status == .done { log.removeIfEmpty() }
      return .recorded(record)
    }
    if end.isElsewhere { return .elsewhere }
    switch end.status {
    case .exited(ExitCode.checkpointed.rawValue), .exited(ExitCode.interrupted.rawValue): throw Interrupted()
    case .exited(ExitCode.cannotCreateOutput.rawValue):
      throw UserError(
        "a cell could not write its record", at: folder.url.path, because: log.tail.joined(separator: "\n"),
        advice: "free some space, then run the same command again: what is done is kept", exitCode: .cannotCreateOutput)
    default:
      return try recordFailure(cell, end.status, log: log, context: context, seconds: end.seconds)
    }
  }

  // MARK: The process

  private enum Status {
    case exited(Int32)
    case killed(Int32)
  }

  private struct End {
    var status: Status
    var isElsewhere: Bool
    var seconds: Double
  }

  private func start(
    _ id: String, log: CellLog, isInterrupted: () -> Bool, reportStep: (Int) -> Void
  ) throws -> End {
    let begin = ContinuousClock.now
    let process = Process()
    let itself = URL(fileURLWithPath: "/proc/self/exe")
    process.executableURL = FileManager.default.isExecutableFile(atPath: itself.path) ? itself : executable
    process.arguments = arguments(id)
    let (input, output) = (Pipe(), Pipe())
    // Stays open as long as this process lives: its end tells the child that nobody waits for it.
    process.standardInput = input
    process.standardOutput = output
    process.standardError = log.handle
    do {
      try process.run()
    } catch {
      throw UserError(
        "cannot start a process for a cell", at: executable.path, because: (error as NSError).localizedDescription,
        advice: "lower `--processes`", exitCode: .bug)
    }
    var isElsewhere = false
    var isAsked = false
    readLines(output.fileHandleForReading) {
      if isAsked || !isInterrupted() { return }
      isAsked = true
      process.terminate()
    } line: { line in
      if line == Message.elsewhere { isElsewhere = true }
      if line.hasPrefix(Message.step), let step = Int(line.dropFirst(Message.step.count)) { reportStep(step) }
    }
    process.waitUntilExit()
    try? input.fileHandleForWriting.close()
    return End(
      status: process.terminationReason == .exit
        ? .exited(process.terminationStatus) : .killed(process.terminationStatus),
      isElsewhere: isElsewhere, seconds: seconds(ContinuousClock.now - begin))
  }

  /// Calls `line` for each line until the other end is closed, and `idle` at least five times a second.
  private func readLines(_ handle: FileHandle, idle: () -> Void, line: (String) -> Void) {
    var rest: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      idle()
      var waiting = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&waiting, 1, 200) <= 0 { continue }
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(handle.fileDescriptor, $0.baseAddress, 4096) }
      if count <= 0 {
        if count < 0, errno == EINTR { continue }
        return
      }
      rest += bytes[..<count]
      while let end = rest.firstIndex(of: 10) {
        line(String(decoding: rest[..<end], as: UTF8.self))
        rest.removeFirst(end + 1)
      }
    }
  }

  // MARK: A process that ended without a record

  private func recordFailure(
    _ cell: PlannedCell, _ status: Status, log: CellLog, context: CellContext, seconds: Double
  ) throws -> CellEnd {
    guard try context.claims.acquire(cell.id) else { return .elsewhere }
    defer { context.claims.release(cell.id) }
    if let status = context.changed(cell) { return .changed(status) }
    let tail = log.tail
    let (message, code) =
      switch status {
      case .exited(let code):
        (
          tail.firstIndex { $0.hasPrefix("error: ") }.map { tail[$0...].joined(separator: "\n") }
            ?? "error: the cell's process ended with exit code \(code) and no word", code
        )
      case .killed(let signal): (killed(by: signal, log: log), 128 + signal)
      }
    var record = RunRecord(
      id: cell.id, status: .failed, configuration: cell.configuration, metrics: [:],
      provenance: context.provenance.finished(after: seconds))
    record.failure = RunRecord.Failure(message: message, exitCode: code, log: tail.isEmpty ? nil : tail)
    try context.folder.save(record)
    return .recorded(record)
  }

  private func killed(by signal: Int32, log: CellLog) -> String {
    let (why, advice) =
      switch signal {
      case SIGKILL:
        (
          "signal 9: the system did so for lack of memory, or somebody did",
          "look at `--dry-run`'s estimate of memory, lower `--processes`, then `./bfpo sweep retry`"
        )
      case SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE:
        ("signal \(signal): a defect of bfpo", "report it with the log; `./bfpo sweep retry` tries again")
      default: ("signal \(signal)", "`./bfpo sweep retry` tries again")
      }
    return
      "\(UserError("the cell's process was killed", at: log.file.path, because: why, advice: advice, exitCode: .bug))"
  }
}

/// What a cell's process writes to standard error, one attempt after the other.
private struct CellLog {
  let file: URL
  let handle: FileHandle
  private let start: UInt64

  init(_ file: URL) throws {
    self.file = file
    try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let descriptor = unsafe open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw UserError(
        "cannot write a cell's log", at: file.path, because: unsafe String(cString: strerror(errno)),
        advice: "check that you may write there, and that the disk is not full", exitCode: .cannotCreateOutput)
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    start = (try? handle.seekToEnd()) ?? 0
  }

  /// The last twenty lines of this attempt.
  var tail: [String] {
    guard let data = FileManager.default.contents(atPath: file.path), data.count > Int(start) else { return [] }
    let lines = String(decoding: data[Int(start)...].suffix(8192), as: UTF8.self).split(separator: "\n")
    return lines.suffix(20).map(String.init)
  }

  func removeIfEmpty() {
    if (try? handle.seekToEnd()) == 0 { try? FileManager.default.removeItem(at: file) }
  }
}
