/// The known name closest to a misspelt one, if any is close enough to be worth suggesting.
///
/// Close enough means an edit distance (insertion, deletion, substitution, adjacent transposition: the optimal string alignment
/// distance) of at most a third of the longer name, and at least one.
/// Ties go to the name that comes first in `candidates`.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let lowered = name.lowercased()
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(lowered, candidate.lowercased())
    let limit = max(1, max(name.count, candidate.count) / 3)
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// Optimal string alignment distance between two strings, in characters.
public func editDistance(_ first: String, _ second: String) -> Int {
  let a = Array(first)
  let b = Array(second)
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in 1...a.count {
    var current = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      current[j] = min(previous[j] + 1, current[j - 1] + 1, substitution)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        current[j] = min(current[j], beforePrevious[j - 2] + 1)
      }
    }
    (beforePrevious, previous) = (previous, current)
  }
  return previous[b.count]
}

/// An advice sentence for an unknown name: the nearest one if there is one, else the whole list.
public func suggestion(for name: String, among candidates: [String]) -> String {
  if let nearest = nearestName(to: name, among: candidates) { return "did you mean `\(nearest)`?" }
  return "known: \(candidates.sorted().joined(separator: ", "))"
}
