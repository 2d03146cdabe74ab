import Basics
import Foundation
import Objectives
import TestSupport
import Testing

/// The article on adding an objective is about code that works.
@Suite struct AddedObjectiveTests {
  private let entry = CatalogueEntry.objective(SaturatingObjective.self)

  @Test func `the article's code is the code that is built here, in under 40 lines`() throws {
    func text(_ path: String) throws -> String {
      String(decoding: try Data(contentsOf: packageRoot.appending(path: path)), as: UTF8.self)
    }
    let article = try text("Sources/Objectives/Objectives.docc/adding-an-objective.md")
    let code = try text("Tests/ObjectivesTests/AddedObjective.swift")
    let blocks = article.components(separatedBy: "```swift\n").dropFirst().map {
      $0.components(separatedBy: "```\n")[0]
    }
    #expect(blocks.first == code)
    #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count <= 40)
    #expect(blocks.last == "  .objective(SaturatingObjective.self),\n")
  }

  @Test func `one line gives it hyper-parameters by name`() throws {
    #expect(entry.card.id == "saturating" && entry.parameters["tau"] == .number(0.1))
    let objective = try entry.make(["beta": .number(0.5)])
    #expect((objective as? SaturatingObjective)?.tau == 0.5)
    let error = #expect(throws: UserError.self) { try entry.make(["taau": .number(1)]) }
    #expect(error?.advice == "did you mean `tau`?")
    #expect(throws: UserError.self) { try entry.make(["tau": .number(-1)]) }
  }

  @Test func `its derivative is the finite difference of its loss`() throws {
    var random = SeedTree(51).generator()
    for _ in 0..<100 {
      let objective = try entry.randomObjective(&random)
      let pair = PairSample.random(&random)
      let difference = centralDifference(at: pair.policyChosen) {
        var moved = pair
        moved.policyChosen = $0
        return objective.evaluate(moved).loss
      }
      #expect(relativeError(objective.evaluate(pair).dChosen, difference) < 1e-6)
    }
  }
}
