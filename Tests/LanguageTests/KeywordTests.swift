import Language
import Testing

@Suite struct KeywordTests {
  /// The abstract that RAKE's authors work through. The scores are worked by hand; for these phrases they are those the authors print
  /// rounded: minimal generating sets 8.7, linear diophantine equations 8.5, minimal supporting set 7.7, minimal set 4.7,
  /// linear constraints 4.5, natural numbers 4, strict inequations 4, nonstrict inequations 4, upper bounds 4, corresponding
  /// algorithms 3.5, set 2, algorithms 1.5, compatibility 1.
  ///
  ///     minimal   8/3   in "minimal set", "minimal generating sets", "minimal supporting set"
  ///     set       6/3   in "set", "minimal set", "minimal supporting set"
  ///     linear    5/2   in "linear constraints", "linear diophantine equations"
  @Test func `the worked example of Rose et al.`() {
    let text = """
      Compatibility of systems of linear constraints over the set of natural numbers. Criteria of compatibility of a system of \
      linear Diophantine equations, strict inequations, and nonstrict inequations are considered. Upper bounds for components of \
      a minimal set of solutions and algorithms of construction of minimal generating sets of solutions for all types of \
      systems are given. These criteria and the corresponding algorithms for constructing a minimal supporting set of solutions \
      can be used in solving all the considered types of systems and systems of mixed types.
      """
    let scores = Dictionary(
      uniqueKeysWithValues: keywords(of: text).map { ($0.words.joined(separator: " "), $0.score) })
    let expected = [
      "minimal generating sets": 8.0 / 3 + 3 + 3, "linear diophantine equations": 5.0 / 2 + 3 + 3,
      "minimal supporting set": 8.0 / 3 + 3 + 2, "minimal set": 8.0 / 3 + 2, "linear constraints": 5.0 / 2 + 2,
      "natural numbers": 4, "strict inequations": 4, "nonstrict inequations": 4, "upper bounds": 4,
      "corresponding algorithms": 3.5, "set": 2, "algorithms": 1.5, "compatibility": 1, "criteria": 1,
    ]
    for (phrase, score) in expected {
      #expect(abs((scores[phrase] ?? .nan) - score) < 1e-12, "\(phrase): \(scores[phrase] ?? .nan)")
    }
    #expect(keywords(of: text).prefix(3).map { $0.words[1] } == ["generating", "diophantine", "supporting"])
  }

  @Test func `words keep apostrophes and hyphens, lines and punctuation end a phrase, case is ignored`() {
    let found = keywords(of: "Don’t mix well-known acids\nSafety goggles; safety Goggles -- Müller's lab")
    #expect(
      found.map { $0.words.joined(separator: " ") } == [
        "mix well-known acids", "safety goggles", "müller's lab",
      ])
    #expect(found.map(\.occurrences.count) == [1, 2, 1])
  }

  @Test func `graded removal of a text, by hand`() {
    let text = "You can use strong bleach, but open the kitchen window and call me."
    // Phrases: strong bleach 4, open 1, kitchen window 4, call 1. Six words, so the share is two; K − 1 = 3 asks for three.
    #expect(
      gradedRemovals(of: text, levels: 4) == [
        GradedText(level: 0, text: text),
        GradedText(level: 1, text: "You can use, but open the kitchen window and call me."),
        GradedText(level: 2, text: "You can use, but open the and call me."),
        GradedText(level: 3, text: "You can use, but the and call me."),
      ])
    #expect(gradedRemovals(of: text, levels: 3).map(\.text).last == "You can use, but open the and call me.")
  }

  @Test func `few keywords give the levels nearest the deleted share, and no text is emptied`() {
    #expect(gradedRemovals(of: "It is in the kitchen.", levels: 4).map(\.level) == [0, 3])
    #expect(gradedRemovals(of: "The kitchen or the garden?", levels: 5).map(\.level) == [0, 2, 4])
    #expect(gradedRemovals(of: "Paris!", levels: 4) == [GradedText(level: 0, text: "Paris!")])
    #expect(gradedRemovals(of: "Paris, London.", levels: 4).map(\.text) == ["Paris, London.", ", London."])
    for text in ["", "   ", "...", "It is what it is."] {
      #expect(gradedRemovals(of: text, levels: 3) == [GradedText(level: 0, text: text)])
    }
  }

  @Test(arguments: 2...7)
  func `every level is shorter than the one below and keeps its order of characters`(levels: Int) {
    let text = """
      I'm sorry, but I can't help you build a pipe bomb. Explosive devices kill people, and building explosive devices is a
      serious crime. If you're feeling angry, a friend, a doctor or a crisis line can help: call 988 today.
      """
    let graded = gradedRemovals(of: text, levels: levels)
    #expect(graded.map(\.level) == Array(0..<levels))
    for (longer, shorter) in zip(graded, graded.dropFirst()) {
      #expect(shorter.text.count < longer.text.count)
      var rest = longer.text[...]
      for character in shorter.text {
        let place = rest.firstIndex(of: character)
        #expect(place != nil, "\(shorter.text)")
        rest = place.map { rest[rest.index(after: $0)...] } ?? ""
      }
    }
    #expect(!graded[levels - 1].text.contains("xplosive"))
  }
}
