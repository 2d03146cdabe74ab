import Basics
import Testing

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("tau", "taau", 1), ("tau", "tua", 1),
    ("ca", "abc", 3), ("flaw", "lawn", 2), ("intention", "execution", 5), ("größe", "grösse", 2), ("same", "same", 0),
  ])
  func `optimal string alignment distance`(first: String, second: String, distance: Int) {
    #expect(editDistance(first, second) == distance)
    #expect(editDistance(second, first) == distance)
  }

  @Test func `the nearest name, ties to the first, nothing when all are far`() {
    #expect(nearestName(to: "taau", among: ["alpha", "tau", "b1"]) == "tau")
    #expect(nearestName(to: "TAU", among: ["alpha", "tau"]) == "tau")
    #expect(nearestName(to: "ab", among: ["ac", "ad"]) == "ac")
    #expect(nearestName(to: "gamma", among: ["tau", "alpha"]) == nil)
    #expect(nearestName(to: "x", among: []) == nil)
  }

  @Test func `the advice names the nearest, else all`() {
    #expect(suggestion(for: "alhpa", among: ["tau", "alpha"]) == "did you mean `alpha`?")
    #expect(suggestion(for: "zzzzzz", among: ["tau", "alpha"]) == "known: alpha, tau")
  }
}
