import Kernels
import Synchronization

/// Hidden states of texts at the top of layers that nothing trains: a memo of a pure function, bounded by bytes.
///
/// An entry belongs to a prompt, or to a response after its prompt, and holds a row for every token. Entries are known by the layers'
/// identity and by their tokens, so that a policy, its clones and other models with the same lower layers may share them. What was
/// not read for longest goes first. Whether an entry is found changes no result, only how long it takes.
public final class HiddenStateCache<Scalar: KernelScalar>: Sendable {
  /// 256 MiB: 116,508 tokens of SmolLM2-135M in float32, 2,304 bytes each.
  public static var defaultByteLimit: Int { 256 << 20 }

  /// Bytes that entries may take, their keys included; with 0 nothing is kept.
  public let byteLimit: Int
  private let state = Mutex(State())

  public init(byteLimit: Int = HiddenStateCache.defaultByteLimit) {
    precondition(byteLimit >= 0, "a cache of \(byteLimit) bytes")
    self.byteLimit = byteLimit
  }

  /// What was done so far.
  public var counts: HiddenStateCounts { state.withLock { $0.counts } }

  /// Bytes that entries take now.
  public var byteCount: Int { state.withLock { $0.byteCount } }

  /// A number that no other frozen layers of this cache have.
  func newIdentity() -> Int {
    state.withLock { state in
      state.identities += 1
      return state.identities
    }
  }

  /// The rows of each text, nil where they are not known, [keys]; those found count as read just now.
  func states(of keys: [HiddenStateKey]) -> [Matrix<Scalar>?] {
    state.withLock { state in keys.map { state.read($0) } }
  }

  /// Keeps rows that were computed, [texts], as far as they fit.
  func keep(_ texts: [(key: HiddenStateKey, rows: Matrix<Scalar>)]) {
    state.withLock { state in
      for text in texts {
        state.counts.computedRows += text.rows.rows
        state.keep(text.key, text.rows, limit: byteLimit)
      }
    }
  }
}

/// How much work a cache saved: rows are tokens of texts, each through all frozen layers.
public struct HiddenStateCounts: Codable, Hashable, Sendable {
  /// Rows taken from the cache.
  public var readRows = 0
  /// Rows computed, those among them that were known and had to be computed again for what follows them.
  public var computedRows = 0

  public init() {}

  public static func - (a: Self, b: Self) -> Self {
    var result = a
    result.readRows -= b.readRows
    result.computedRows -= b.computedRows
    return result
  }
}

/// A text at the top of some frozen layers.
struct HiddenStateKey: Hashable, Sendable {
  /// Of the layers; see ``HiddenStateCache/newIdentity()``.
  let trunk: Int
  let prompt: [Int32]
  /// Nil for the prompt itself.
  let response: [Int32]?

  var byteCount: Int { (prompt.count + (response?.count ?? 0)) * MemoryLayout<Int32>.stride }
}

extension HiddenStateCache {
  private struct Entry {
    let rows: Matrix<Scalar>
    let byteCount: Int
    /// Its latest place in the queue.
    var turn: Int
  }

  private struct State {
    var entries: [HiddenStateKey: Entry] = [:]
    /// Keys in order of their reading, an entry's earlier places among them; those before `first` are done with.
    var queue: [(key: HiddenStateKey, turn: Int)] = []
    var first = 0
    var turns = 0
    var byteCount = 0
    var identities = 0
    var counts = HiddenStateCounts()

    mutating func read(_ key: HiddenStateKey) -> Matrix<Scalar>? {
      guard let entry = entries[key] else { return nil }
      counts.readRows += entry.rows.rows
      touch(key)
      return entry.rows
    }

    mutating func keep(_ key: HiddenStateKey, _ rows: Matrix<Scalar>, limit: Int) {
      // The key stands in the table and at least once in the queue, which share its tokens.
      let size = rows.rows * rows.columns * MemoryLayout<Scalar>.stride + key.byteCount + entryOverhead
      if entries[key] != nil || size > limit { return }
      while byteCount + size > limit { evict() }
      entries[key] = Entry(rows: rows, byteCount: size, turn: 0)
      byteCount += size
      touch(key)
    }

    private mutating func touch(_ key: HiddenStateKey) {
      turns += 1
      entries[key]?.turn = turns
      queue.append((key, turns))
      if queue.count > 64, queue.count > 4 * entries.count {
        queue = queue[first...].filter { entries[$0.key]?.turn == $0.turn }
        first = 0
      }
    }

    private mutating func evict() {
      let (key, turn) = queue[first]
      first += 1
      guard let entry = entries[key], entry.turn == turn else { return }
      entries[key] = nil
      byteCount -= entry.byteCount
    }
  }
}

/// What an entry takes beside its rows and tokens: objects, table and queue, bytes; an upper estimate.
private let entryOverhead = 640
