import Foundation

/// The folder of shared reference data: `$BFPO_SHARED`, else `shared` beside the package; nil when there is none.
public let sharedFolder: URL? = {
  let stated = ProcessInfo.processInfo.environment["BFPO_SHARED"].map { URL(filePath: $0) }
  let folder = stated ?? packageRoot.deletingLastPathComponent().appending(path: "shared")
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()

/// What a test that needs the shared folder says when it is skipped.
public let needsSharedFolder = "needs the shared reference data: set BFPO_SHARED"

/// SmolLM2-135M-Instruct as `./bfpo model fetch` leaves it, or `$BFPO_MODEL`; nil when it has not been fetched.
public let smolModel: URL? = {
  let stated = ProcessInfo.processInfo.environment["BFPO_MODEL"].map { URL(filePath: $0) }
  let file = stated ?? packageRoot.appending(path: "Models/SmolLM2-135M-Instruct.Q4_1.gguf")
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}()

/// What a test that needs the model says when it is skipped.
public let needsModel = "needs the model: run `./bfpo model fetch`"

/// A reference file of the shared folder's `golden`.
public func sharedGolden<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
  guard let sharedFolder else { throw CocoaError(.fileNoSuchFile) }
  return try JSONDecoder().decode(type, from: Data(contentsOf: sharedFolder.appending(path: "golden/\(name)")))
}
