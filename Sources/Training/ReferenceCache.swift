import Basics
import Foundation
import Policies
import Synchronization

/// Numbers that a frozen model gives responses, such as reference log-probabilities, on disk, addressed by content: each response is scored once, for every cell of every sweep.
///
///     file = <folder>/<first 16 digits of SHA-256(model digest, scoring version)>.json
///     key  = first 24 digits of SHA-256(prompt ids, response ids)
///
/// A damaged file counts as empty. The file is replaced as a whole, so it is never half written.
public final class ReferenceCache: Sendable {
  private let file: URL
  private let stored: Mutex<[String: Double]>

  /// - Parameters:
  ///   - folder: made when first written.
  ///   - model: digest of the frozen model.
  ///   - scoring: names the arithmetic; raise it when scores change.
  public init(folder: URL, model: String, scoring: String) {
    file = folder.appendingPathComponent(String(SHA256.hex(of: "\(model) \(scoring)").prefix(16)) + ".json")
    let stored = (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode([String: Double].self, from: $0) }
    self.stored = Mutex(stored ?? [:])
  }

  /// The number of each query, such as log π_ref in nats summed over response tokens, [queries]; what is missing is scored and kept.
  ///
  /// - Parameter score: scores queries by the frozen model.
  /// - Throws: ``UserError`` (73) when the cache cannot be written.
  public func values(_ queries: [TokenQuery], score: ([TokenQuery]) -> [Double]) throws -> [Double] {
    let keys = queries.map(Self.key)
    let known = stored.withLock { $0 }
    var missing: [TokenQuery] = []
    var missingKeys: [String] = []
    var seen: Set<String> = []
    for (query, key) in zip(queries, keys) where known[key] == nil && seen.insert(key).inserted {
      missing.append(query)
      missingKeys.append(key)
    }
    if missing.isEmpty { return keys.map { known[$0] ?? .nan } }
    let scores = score(missing)
    return try stored.withLock { values in
      for (key, value) in zip(missingKeys, scores) { values[key] = value }
      try AtomicFile.write(try canonicalJSON(values), to: file)
      return keys.map { values[$0] ?? .nan }
    }
  }

  private static func key(_ query: TokenQuery) -> String {
    var hash = SHA256()
    for ids in [query.prompt, query.response] {
      hash.update([UInt8](bytes(Int32(truncatingIfNeeded: ids.count))))
      hash.update(ids.flatMap(bytes))
    }
    return String(hash.finalize().prefix(24))
  }

  private static func bytes(_ value: Int32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * Int32($0))) }
  }
}
