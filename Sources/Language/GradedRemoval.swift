/// A text from which a part of its key content was deleted.
public struct GradedText: Hashable, Sendable {
  /// 0 is the text itself, levels − 1 has lost every keyword.
  public var level: Int
  public var text: String

  public init(level: Int, text: String) {
    self.level = level
    self.text = text
  }
}

/// A text with its keywords deleted in graded amounts: level k lacks about k/(levels − 1) of them, the highest score first.
///
/// The keywords are RAKE's highest-scoring phrases, one third as many as the text has distinct content words (Rose et al. 2010), but
/// at least levels − 1 where there are so many; every occurrence of a phrase goes, with the spaces before it. The result is a function
/// of the text alone, each text is shorter than the one before, and none is without a letter or digit: a text that consists of keywords
/// keeps its last one.
///
/// A text with fewer keywords than levels − 1 has fewer levels, those nearest the share that is deleted; one without keywords has level
/// 0 alone.
///
/// A reconstruction. That key content is deleted in graded amounts is from arXiv 2409.17791 as others describe it; which keywords, in what
/// order, and how many levels could not be read there.
///
/// - Parameter levels: K, at least 2.
/// - Returns: distinct texts, levels ascending from 0.
public func gradedRemovals(
  of text: String, levels: Int, stopWords: Set<String> = englishStopWords
) -> [GradedText] {
  precondition(levels >= 2, "graded removal needs at least 2 levels, got \(levels)")
  let candidates = keywords(of: text, stopWords: stopWords)
  let wordCount = Set(candidates.flatMap(\.words)).count
  let chosen = candidates.prefix(max(wordCount / 3, levels - 1))
  var result = [GradedText(level: 0, text: text)]
  let steps = min(chosen.count, levels - 1)
  if steps == 0 { return result }
  var deleted = 0
  for step in 1...steps {
    var count = roundedShare(step, of: steps, total: chosen.count)
    var shorter = deleting(chosen.prefix(count), from: text)
    if !shorter.contains(where: \.isWordCharacter) {
      count -= 1
      shorter = deleting(chosen.prefix(count), from: text)
    }
    if count > deleted {
      result.append(GradedText(level: roundedShare(step, of: steps, total: levels - 1), text: shorter))
    }
    deleted = count
  }
  return result
}

/// part/whole of a total, to the nearest whole number.
private func roundedShare(_ part: Int, of whole: Int, total: Int) -> Int { (2 * part * total + whole) / (2 * whole) }

private func deleting(_ keywords: ArraySlice<Keyword>, from text: String) -> String {
  let gaps = keywords.flatMap(\.occurrences).sorted { $0.lowerBound < $1.lowerBound }
  var kept = ""
  var start = text.startIndex
  for gap in gaps {
    kept += text[start..<gap.lowerBound]
    while let last = kept.last, last.isWhitespace, !last.isNewline { kept.removeLast() }
    start = gap.upperBound
  }
  kept += text[start...]
  return gaps.isEmpty ? text : String(kept.drop { $0.isWhitespace })
}
