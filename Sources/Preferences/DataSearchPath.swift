import Basics
import Foundation

/// Where data files are looked for: as given, then in each folder in turn.
public struct DataSearchPath: Hashable, Sendable {
  public var folders: [String]

  public init(_ folders: [String]) { self.folders = folders }

  /// The folders of `BFPO_DATA_PATH` (separated by colons), `Data/` of the project (`BFPO_HOME`, else the current folder), and the
  /// preference data and prompts of `BFPO_SHARED`, else of the folder `shared` beside the project.
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> DataSearchPath {
    let named = (environment["BFPO_DATA_PATH"] ?? "").split(separator: ":").map(String.init)
    let home = environment["BFPO_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "."
    let shared = environment["BFPO_SHARED"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/../shared"
    return DataSearchPath(named + ["\(home)/Data", "\(shared)/data/preference", "\(shared)/data/prompts"])
  }

  /// The file of a name.
  ///
  /// - Throws: ``UserError`` (66) that lists every place looked at.
  public func find(_ name: String) throws -> URL {
    let places = [name] + (name.hasPrefix("/") ? [] : folders.map { "\($0)/\(name)" })
    if let found = places.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      return URL(fileURLWithPath: found)
    }
    throw UserError(
      "data file not found: \(name)", at: "looked at " + places.joined(separator: ", "),
      advice: "put it in the project's Data folder, or name its folder in BFPO_DATA_PATH", exitCode: .inputMissing)
  }
}
