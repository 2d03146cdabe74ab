import Basics
import Foundation

/// What a run of the built program left behind.
public struct ProgramRun: Sendable {
  public var status: Int32
  public var output: String
  public var errors: String

  /// The lines of standard output.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// The built program: beside the test bundle, else in the package's build folder.
public let program: URL = {
  let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "bfpo")
  return FileManager.default.isExecutableFile(atPath: beside.path)
    ? beside : packageRoot.appending(path: ".build/release/bfpo")
}()

/// Runs the program and waits for it. `BFPO_` variables of this process are not passed on, except by `environment`.
public func runProgram(
  _ arguments: [String], input: String = "", environment: [String: String] = [:], in directory: URL? = nil
) throws -> ProgramRun {
  try runExecutable(program, arguments, input: input, environment: environment, in: directory)
}

/// Runs a shell script in which `"$BFPO"` is the program.
public func runShell(
  _ script: String, environment: [String: String] = [:], in directory: URL? = nil
) throws -> ProgramRun {
  let named = environment.merging(["BFPO": program.path]) { given, _ in given }
  return try runExecutable(URL(filePath: "/bin/sh"), ["-c", script], input: "", environment: named, in: directory)
}

private func runExecutable(
  _ executable: URL, _ arguments: [String], input: String, environment: [String: String], in directory: URL?
) throws -> ProgramRun {
  try withTemporaryFolder { folder in
    // Files, because a pipe that nobody empties would stop the program.
    let files = ["input", "output", "errors"].map { folder.appending(path: $0) }
    try Data(input.utf8).write(to: files[0])
    for file in files[1...] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory ?? folder
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BFPO_") }
      .merging(["BFPO_HOME": packageRoot.path]) { $1 }.merging(environment) { $1 }
    try process.run()
    process.waitUntilExit()
    return ProgramRun(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
  }
}

/// Calls `body` with a folder of its own, which is removed afterwards.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "bfpo-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
