import Basics
import Foundation
import TestSupport
import Testing

@Suite struct TheoryCommandTests {
  private let world = """
    {"reference":[0.1,0.2,0.3,0.4],"comparison":[0.4,0.3,0.2,0.1],"safety":[1,0,1,0],
     "preference":[[0.5,0.7,0.8,0.6],[0.3,0.5,0.7,0.4],[0.2,0.3,0.5,0.3],[0.4,0.6,0.7,0.5]],"tau":0.5,
     "reward":[2,1,0.5,-1],"cost":[2,-1,-0.5,-3],"beta":0.5,"budget":-0.5}
    """

  @Test func `theory prints every optimum as JSON`() throws {
    let run = try runProgram(["theory", "--json"], input: world)
    #expect(run.status == 0, "\(run.errors)")
    let json = try JSONValue(parsing: Data(run.output.utf8), source: "output")
    for method in ["ipo", "dpo", "rlhf", "constrained", "safeRLHF"] {
      let policy = json[method]?["policy"]?.array?.compactMap(\.number) ?? []
      #expect(policy.count == 4 && abs(policy.reduce(0, +) - 1) < 1e-12, "\(method)")
    }
    for form in ["exact", "product"] {
      let policy = json["bfpo"]?[form]?.array?.compactMap(\.number) ?? []
      #expect(policy.count == 4 && abs(policy.reduce(0, +) - 1) < 1e-12, "\(form)")
    }
    #expect(json["bfpo"]?["covarianceGap"]?.number ?? 0 > 0 && json["bfpo"]?["minimumLoss"]?.number ?? 0 > 0)
    // F3 in the sign of a cost, with another reference.
    #expect(abs((json["constrained"]?["cost"]?.number ?? 0) + 0.5) < 1e-12)
    #expect(json["constrained"]?["lambda"]?.number ?? 0 > 0)
    #expect(abs((json["constrained"]?["primal"]?.number ?? 0) - (json["constrained"]?["dual"]?.number ?? 1)) < 1e-12)
  }

  @Test func `every optimum says which constant it used, and an empty input is named`() throws {
    let run = try runProgram(["theory", "--json"], input: world.replacing(#""beta":0.5"#, with: #""beta":0.7"#))
    let json = try JSONValue(parsing: Data(run.output.utf8), source: "output")
    #expect(json["ipo"]?["tau"]?.number == 0.5)
    #expect(json["dpo"]?["beta"]?.number == 0.7)
    #expect(json["rlhf"]?["tau"]?.number == 0.5 && json["rlhf"]?["atBeta"]?["beta"]?.number == 0.7)
    let empty = try runProgram(["theory"], input: "\n")
    #expect(empty.status == 65 && empty.errors.contains("the input is empty"), "\(empty.errors)")
  }

  @Test func `theory prints a table, from a file too`() throws {
    try withTemporaryFolder { folder in
      try Data(world.utf8).write(to: folder.appending(path: "world.json"))
      let run = try runProgram(["theory", "world.json"], in: folder)
      #expect(run.status == 0, "\(run.errors)")
      for name in ["reference", "bfpo, exact", "bfpo, product", "ipo", "dpo", "rlhf", "constrained", "safeRLHF"] {
        #expect(run.output.contains("\n\(name)  "), "\(name)")
      }
      #expect(run.output.contains("tau = 0.5") && run.output.contains("covariance gap"))
    }
  }

  @Test func `a misspelt key, a missing file and numbers out of range`() throws {
    let misspelt = try runProgram(["theory"], input: #"{"reference":[0.5,0.5],"buget":1}"#)
    #expect(misspelt.status == 65 && misspelt.errors.contains("did you mean `budget`?"))
    #expect(try runProgram(["theory", "none.json"]).status == 66)
    let tiny = try runProgram(
      ["theory", "--json"], input: #"{"reference":[0.5,0.5],"preference":[[0.5,1],[0,0.5]],"tau":1e-300}"#)
    #expect(tiny.status == 3 && tiny.errors.contains("not finite"))
  }

  @Test func `verify holds, on a thousand worlds, within the time it promises`() throws {
    let start = ContinuousClock.now
    let run = try runProgram(["verify", "--json"])
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(run.status == 0, "\(run.output)")
    let json = try JSONValue(parsing: Data(run.output.utf8), source: "output")
    #expect(json["holds"]?.bool == true && json["worlds"]?.number ?? 0 >= 1000)
    #expect(json["claims"]?.array?.allSatisfy { $0["holds"]?.bool == true } == true)
    let text = try runProgram(["verify"])
    #expect(text.status == 0 && text.output.contains("supervised => RLHF") && !text.output.contains("FAILS"))
  }
}
