import Basics
import Foundation
import Synchronization

/// Where a command's words go: results to standard output, everything else to standard error.
struct Console: Sendable {
  enum Verbosity: Int, Comparable, Sendable {
    case quiet, normal, verbose
    static func < (a: Verbosity, b: Verbosity) -> Bool { a.rawValue < b.rawValue }
  }

  var verbosity = Verbosity.normal
  /// Whether standard error is a terminal that a person looks at.
  let isTerminal: Bool
  /// Whether colours are welcome: a terminal, and neither `NO_COLOR` nor `TERM=dumb`.
  let hasColour: Bool

  init(environment: [String: String]) {
    isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    hasColour = isTerminal && environment["NO_COLOR", default: ""].isEmpty
  }

  /// One result: a line, or several, on standard output. A newline is added where the text does not end with one.
  ///
  /// A reader that has gone away (`| head`) ends the program quietly; a full disk ends it with an error.
  func output(_ text: String) { StandardOutput.shared.write(text.hasSuffix("\n") ? text : text + "\n") }

  /// Sends buffered results on their way, for commands that answer line by line.
  func flush() { StandardOutput.shared.flush() }

  /// A remark on standard error, unless quiet.
  func note(_ text: String) { if verbosity > .quiet { writeToStandardError(text + "\n") } }

  /// A remark on standard error for `--verbose`.
  func detail(_ text: String) { if verbosity > .normal { writeToStandardError(text + "\n") } }

  /// Something that looks wrong but does not stop the command; printed even when quiet.
  func warning(_ text: String) { writeToStandardError(coloured("warning: ", "33") + text + "\n") }

  /// Replaces the command that is named at the end as the next one to run.
  func suggestNext(_ line: String) { nextCommand.withLock { $0 = line } }

  func coloured(_ text: String, _ code: String) -> String {
    hasColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// What ``Console/suggestNext(_:)`` was told last.
let nextCommand = Mutex<String?>(nil)

/// Writes all of a text to standard error; nobody can be told if that fails.
func writeToStandardError(_ text: String) { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }

/// A buffer before standard output that notices when writing fails.
private final class StandardOutput: Sendable {
  static let shared = StandardOutput()
  private let buffer = Mutex<[UInt8]>([])

  func write(_ text: String) {
    buffer.withLock { bytes in
      bytes += text.utf8
      if bytes.count > 1 << 16 { drain(&bytes) }
    }
  }

  func flush() { buffer.withLock { drain(&$0) } }

  private func drain(_ bytes: inout [UInt8]) {
    let failure = writeAll(bytes, to: STDOUT_FILENO)
    bytes.removeAll(keepingCapacity: true)
    if failure == 0 { return }
    if failure == EPIPE { exit(ExitCode.success.rawValue) }
    let error = UserError(
      "cannot write the results to standard output", because: unsafe String(cString: strerror(failure)),
      advice: "check the disk that the output goes to", exitCode: .cannotCreateOutput)
    writeToStandardError("\(error)\n")
    exit(error.exitCode.rawValue)
  }
}

/// Zero, or the error number of the write that failed.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
  var start = 0
  while start < bytes.count {
    let written = unsafe bytes[start...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 { start += written } else if errno != EINTR { return errno }
  }
  return 0
}
