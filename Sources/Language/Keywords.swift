/// A phrase that a text is about, with everywhere it stands.
public struct Keyword: Hashable, Sendable {
  /// Lower case, [words].
  public var words: [String]
  public var score: Double
  /// From the first word's start to the last word's end, for every occurrence in order.
  public var occurrences: [Range<String.Index>]
}

/// The keywords of a text by RAKE (rapid automatic keyword extraction), the highest score first, then the earlier one.
///
///     score(phrase) = Σ_{w in phrase} deg(w) / freq(w)
///     deg(w)  = Σ over occurrences of w of the number of words of the phrase it stands in
///     freq(w) = number of occurrences of w
///
/// Candidate phrases are the longest runs of words with neither a stop word nor punctuation nor a line break between them. A word is a
/// run of letters and digits, with apostrophes and hyphens inside; case is ignored. Words are not stemmed.
///
/// Left out of the source: keywords with stop words inside ("axis of evil") that occur twice, and its cut at one third of the words,
/// which is the caller's.
/// Source: Rose, Engel, Cramer, Cowley 2010, "Automatic keyword extraction from individual documents", section 1.2.
public func keywords(of text: String, stopWords: Set<String> = englishStopWords) -> [Keyword] {
  let phrases = candidatePhrases(of: text, stopWords: stopWords)
  var frequency: [String: Int] = [:]
  var degree: [String: Int] = [:]
  for phrase in phrases {
    for word in phrase.words {
      frequency[word, default: 0] += 1
      degree[word, default: 0] += phrase.words.count
    }
  }
  var places: [[String]: Int] = [:]
  var found: [Keyword] = []
  for phrase in phrases {
    if let place = places[phrase.words] {
      found[place].occurrences.append(phrase.range)
      continue
    }
    let score = phrase.words.reduce(0) { $0 + Double(degree[$1] ?? 0) / Double(frequency[$1] ?? 1) }
    places[phrase.words] = found.count
    found.append(Keyword(words: phrase.words, score: score, occurrences: [phrase.range]))
  }
  let order = found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }
  return order.map { found[$0] }
}

private struct Phrase {
  var words: [String]
  var range: Range<String.Index>
}

private func candidatePhrases(of text: String, stopWords: Set<String>) -> [Phrase] {
  var phrases: [Phrase] = []
  var isOpen = false
  var index = text.startIndex
  while index < text.endIndex {
    guard text[index].isWordCharacter else {
      if !text[index].isWhitespace || text[index].isNewline { isOpen = false }
      index = text.index(after: index)
      continue
    }
    let end = wordEnd(in: text, from: index)
    let word = String(text[index..<end].lowercased().map { $0 == "’" ? "'" : $0 })
    if stopWords.contains(word) {
      isOpen = false
    } else if isOpen, let last = phrases.indices.last {
      phrases[last].words.append(word)
      phrases[last].range = phrases[last].range.lowerBound..<end
    } else {
      phrases.append(Phrase(words: [word], range: index..<end))
      isOpen = true
    }
    index = end
  }
  return phrases
}

/// Where the word that starts at `start` ends; an apostrophe or hyphen belongs to it between two word characters.
private func wordEnd(in text: String, from start: String.Index) -> String.Index {
  var end = start
  while end < text.endIndex {
    let next = text.index(after: end)
    let joins = ["'", "’", "-"].contains(text[end]) && next < text.endIndex && text[next].isWordCharacter
    guard text[end].isWordCharacter || joins else { break }
    end = next
  }
  return end
}

extension Character {
  var isWordCharacter: Bool { isLetter || isNumber }
}
