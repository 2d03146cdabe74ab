import Basics
import Foundation
import Laboratory
import TestSupport
import Testing

/// What a person gets to read when a specification is wrong.
@Suite struct SpecificationTests {
  struct Mistake: CustomTestStringConvertible {
    var text: String
    /// Words that the message must contain.
    var words: [String]
    var exitCode: ExitCode
    var testDescription: String { words.joined(separator: " ") }
  }

  static let mistakes: [Mistake] = [
    Mistake(text: spec(axes: "taau: [1]"), words: ["taau", "tau", "axes"], exitCode: .badData),
    Mistake(text: spec(arm: #"sweep: { taau: [1] }"#), words: ["taau", "did you mean `tau`"], exitCode: .badData),
    Mistake(text: spec(arm: #"settings: { aplha: 1 }"#), words: ["aplha", "alpha"], exitCode: .usage),
    Mistake(text: spec(training: "lerningRate: 1"), words: ["lerningRate", "learningRate"], exitCode: .badData),
    Mistake(text: spec(top: "sedes: 3,"), words: ["sedes", "did you mean `seeds`"], exitCode: .badData),
    Mistake(text: spec(axes: "tau: [0]"), words: ["tau must be positive", "0"], exitCode: .usage),
    Mistake(text: spec(axes: "tau: [-1]"), words: ["tau must be positive"], exitCode: .usage),
    Mistake(text: spec(axes: "tau: []"), words: ["not empty"], exitCode: .badData),
    Mistake(text: spec(objective: "cdpo"), words: ["constrained-dpo", "conservative-dpo"], exitCode: .usage),
    Mistake(text: spec(objective: "bfop"), words: ["bfop", "did you mean `bfpo`"], exitCode: .usage),
    Mistake(text: spec(world: "conflict: 2"), words: ["conflict", "[-1, 1]"], exitCode: .badData),
    Mistake(
      text: spec(world: "prompts: 100000, responses: 100"), words: ["prompts times responses"], exitCode: .badData),
    Mistake(text: spec(world: "comparisons: 1e12"), words: ["comparisons", "got 1000000000000"], exitCode: .badData),
    Mistake(text: spec(training: "sampling: 'epoch'"), words: ["epoch", "did you mean `epochs`"], exitCode: .badData),
    Mistake(text: spec(training: "learningRate: Infinity"), words: ["inf is not a finite number"], exitCode: .badData),
    Mistake(text: spec(arm: "settings: { reduction: 'avg' }"), words: ["avg", "known: mean, sum"], exitCode: .usage),
    Mistake(text: spec(top: "seeds: 0,"), words: ["seeds"], exitCode: .badData),
    Mistake(text: spec(top: "seeds: [1, 1],"), words: ["distinct"], exitCode: .badData),
    Mistake(text: "{ name: 'x', ", words: ["JSON5"], exitCode: .badData),
    Mistake(text: #"{ name: "../x", arms: [] }"#, words: ["folder name"], exitCode: .badData),
    Mistake(text: spec(training: "steps: 'many'"), words: ["steps"], exitCode: .badData),
  ]

  @Test(arguments: mistakes) func `a mistake is named, placed and explained`(mistake: Mistake) throws {
    let error = #expect(throws: UserError.self) {
      let json = try JSONValue(parsing: Data(mistake.text.utf8), json5: true, source: "my.json5")
      _ = try plan(try ExperimentSpec(json, at: "my.json5"))
    }
    let message = try #require(error).description
    for word in mistake.words { #expect(message.contains(word), "\(message)") }
    #expect(error?.exitCode == mistake.exitCode, "\(message)")
  }

  @Test(arguments: ["tau: [0]", "tau: ['x']"])
  func `a wrong setting in a file is bad data, and the file is named`(axes: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "mine.json5")
      try Data(Self.spec(axes: axes).utf8).write(to: file)
      let error = #expect(throws: UserError.self) { try ExperimentSpec(contentsOf: file) }
      #expect(error?.exitCode == .badData && error?.location == "\(file.path), arm `A`")
    }
  }

  @Test func `beta is tau, and is recorded as tau`() throws {
    let json = try JSONValue(
      parsing: Data(Self.spec(axes: "beta: [0.3]").utf8), json5: true, source: "my.json5")
    let cells = try plan(try ExperimentSpec(json, at: "my.json5"))
    #expect(cells[0].configuration.parameters["tau"] == .number(0.3))
    #expect(cells[0].configuration.parameters["beta"] == nil)
    #expect(cells[0].axes.map(\.name) == ["tau"])
  }

  @Test func `the default experiment has at least 700 cells`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let spec = try ExperimentSpec(contentsOf: root.appendingPathComponent("Experiments/synthetic.json5"))
    #expect(Set(try plan(spec).map(\.id)).count >= 700)
  }

  private static func spec(
    top: String = "", world: String = "", training: String = "", axes: String = "tau: [1]", objective: String = "bfpo",
    arm: String = ""
  ) -> String {
    """
    { name: "x", \(top) world: { \(world) }, training: { \(training) }, axes: { \(axes) },
      arms: [ { name: "A", objective: "\(objective)", order: "helpfulness", \(arm) } ] }
    """
  }
}
