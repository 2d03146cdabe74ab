import Basics
import Foundation

/// Where models are found: as named, else in the project's `Models` folder.
public struct ModelLocation: Sendable {
  /// The model that `./bfpo model fetch` gets.
  public static let defaultName = "SmolLM2-135M-Instruct.Q4_1.gguf"

  /// The project's `Models` folder.
  public var folder: URL

  public init(folder: URL) { self.folder = folder }

  /// `Models` of the project (`BFPO_HOME`, which the wrapper sets, else the current folder).
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> ModelLocation {
    let home = environment["BFPO_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "."
    return ModelLocation(folder: URL(filePath: home).appending(path: "Models"))
  }

  /// The file or folder of a model: a path, a name in ``folder`` (its `.gguf` may be left off), or the beginning of just one name.
  ///
  /// - Parameter name: nil means ``defaultName``.
  /// - Throws: ``UserError`` (66) that says how to get a model.
  public func find(_ name: String?) throws -> URL {
    let wanted = name ?? Self.defaultName
    if name != nil, FileManager.default.fileExists(atPath: wanted) { return URL(filePath: wanted) }
    let present = names()
    if let exact = [wanted, wanted + ".gguf"].first(where: present.contains) { return folder.appending(path: exact) }
    let beginnings = present.filter { $0.lowercased().hasPrefix(wanted.lowercased()) && !wanted.isEmpty }
    if beginnings.count == 1 { return folder.appending(path: beginnings[0]) }
    throw UserError(
      "model not found: \(wanted)", at: "looked at \(wanted) and in \(folder.relativePath)",
      because: beginnings.count > 1 ? "the name fits \(beginnings.joined(separator: " and "))" : nil,
      advice: advice(wanted, present), exitCode: .inputMissing)
  }

  private func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  private func advice(_ wanted: String, _ present: [String]) -> String {
    let fetch = "./bfpo model fetch gets \(Self.defaultName)"
    guard let nearest = nearestName(to: wanted, among: present) else { return fetch }
    return "did you mean `\(nearest)`? Else \(fetch)"
  }
}
