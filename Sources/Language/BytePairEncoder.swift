import Basics

/// Byte-pair merges over token ids: of all adjacent pairs the one with the lowest rank is merged, the leftmost on ties, until
/// no pair has a rank.
///
/// Source: Sennrich, Haddow, Birch 2016, arXiv 1508.07909; tie rule of Hugging Face tokenizers.
struct BytePairEncoder: Sendable {
  struct Merge: Sendable {
    var rank: UInt32
    var result: Int32
  }

  /// Byte to the id of its one-byte token, [256]; -1 for a byte the vocabulary lacks.
  let byteTokens: [Int32]
  let merges: [UInt64: Merge]

  /// The ids of a piece's bytes. A byte without a token is left out, as the reference does when there is no unknown token.
  func encode(_ piece: some Collection<UInt8>) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(piece.count)
    for byte in piece where byteTokens[Int(byte)] >= 0 { ids.append(byteTokens[Int(byte)]) }
    if ids.count < 2 { return ids }
    return ids.count <= 48 ? mergedByScan(ids) : mergedByHeap(ids)
  }

  @inline(__always)
  private func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[pairKey(left, right)] }

  /// Quadratic, and the fastest for words.
  private func mergedByScan(_ symbols: [Int32]) -> [Int32] {
    var ids = symbols
    var pairs = (1..<ids.count).map { merge(ids[$0 - 1], ids[$0]) }
    while true {
      var best: Int?
      for i in pairs.indices {
        if let pair = pairs[i], pair.rank < best.map({ pairs[$0]!.rank }) ?? .max { best = i }
      }
      guard let best, let chosen = pairs[best] else { return ids }
      ids[best] = chosen.result
      ids.remove(at: best + 1)
      pairs.remove(at: best)
      if best > 0 { pairs[best - 1] = merge(ids[best - 1], ids[best]) }
      if best < pairs.count { pairs[best] = merge(ids[best], ids[best + 1]) }
    }
  }

  /// n log n, for long pieces such as a line of dashes.
  ///
  /// The queue's entries may be out of date; one counts only if the pair at its position still has its rank.
  private func mergedByHeap(_ symbols: [Int32]) -> [Int32] {
    var ids = symbols
    let count = ids.count
    var next = Array(1...count)
    var previous = Array(-1..<count - 1)
    var queue = MinimumHeap()
    func push(_ position: Int) {
      guard position >= 0, next[position] < count, let merge = merge(ids[position], ids[next[position]]) else { return }
      queue.push(UInt64(merge.rank) << 32 | UInt64(position))
    }
    for i in 0..<count - 1 { push(i) }
    while let entry = queue.pop() {
      let position = Int(entry & 0xffff_ffff)
      // A merged-away symbol is marked by a negative id.
      guard ids[position] >= 0, next[position] < count else { continue }
      let right = next[position]
      guard let merge = merge(ids[position], ids[right]), UInt64(merge.rank) == entry >> 32 else { continue }
      ids[position] = merge.result
      ids[right] = -1
      next[position] = next[right]
      if next[right] < count { previous[next[right]] = position }
      push(previous[position])
      push(position)
    }
    return ids.filter { $0 >= 0 }
  }
}

@inline(__always)
func pairKey(_ left: Int32, _ right: Int32) -> UInt64 { UInt64(UInt32(bitPattern: left)) << 32 | UInt64(right) }

/// A binary heap of words, smallest first.
private struct MinimumHeap {
  private var items: [UInt64] = []

  mutating func push(_ item: UInt64) {
    items.append(item)
    var child = items.count - 1
    while child > 0, items[(child - 1) / 2] > items[child] {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> UInt64? {
    guard let first = items.first else { return nil }
    let last = items.removeLast()
    if items.isEmpty { return first }
    items[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= items.count { return first }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      if items[parent] <= items[child] { return first }
      items.swapAt(parent, child)
      parent = child
    }
  }
}
