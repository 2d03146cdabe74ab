/// Cuts `count` rows into blocks for parallel work: an even number of nearly equal ones, each at most `limit` long and a
/// multiple of 16 (but the last).
///
/// The blocks depend on `count` alone, never on the number of workers, because a product's rounding depends on its shape.
public func tiles(_ count: Int, limit: Int) -> [Range<Int>] {
  precondition(count >= 0 && limit >= 16, "\(count) rows in blocks of \(limit)")
  guard count > 0 else { return [] }
  let pairs = (count + 2 * limit - 1) / (2 * limit)
  let size = ((count + 2 * pairs - 1) / (2 * pairs) + 15) / 16 * 16
  return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}
