import Basics
import Foundation

/// The root of the package, from where this file stands.
public let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// A reference file of `Tests/Golden`, made by the program of `Tests/Peers` that its `about` names.
public func golden<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
  try JSONDecoder().decode(type, from: Data(contentsOf: packageRoot.appending(path: "Tests/Golden/\(name)")))
}
