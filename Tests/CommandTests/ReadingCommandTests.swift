import Basics
import Foundation
import TestSupport
import Testing

/// `explain` and `doctor`, for people and for programs.
@Suite struct ReadingCommandTests {
  private func json(_ arguments: [String], environment: [String: String] = [:]) throws -> JSONValue {
    let run = try runProgram(arguments + ["--json"], environment: environment)
    #expect(run.status == 0, "\(run.errors)")
    let value = try JSONValue(parsing: Data(run.output.utf8), source: arguments.joined(separator: " "))
    #expect(value["schema"]?.number == 1)
    return value
  }

  @Test func `explain says formula, direction of τ, defaults, conventions and source`() throws {
    let text = try runProgram(["explain", "BFPO"]).output
    for part in [
      "L = (h − g/τ)²", "a larger τ keeps the policy closer", "summed", "arXiv 2408.15313", "h = g/τ", "0.01",
    ] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test func `explain shows the label table, for other hyper-parameters too`() throws {
    func targets(_ arguments: [String]) throws -> [Double?] {
      try json(["explain", "bfpo"] + arguments)["labelTable"]?.array?.map { $0["target"]?.number } ?? []
    }
    #expect(try targets([]) == [0.5, 1, -0.5, -1])
    #expect(try targets(["--set", "alpha=0.25", "--set", "B1=2"]) == [0.75, 1.75, -0.25, -1.25])
    let first = try json(["explain", "bfpo", "--set", "beta=0.1"])["labelTable"]?.array?.first
    #expect(first?["stationaryMargin"]?.number == 5 && first?["lossAtReference"]?.number == 25)
    #expect(first?["derivativeAtReference"]?.number == -10)
  }

  @Test func `explain without a name lists every objective`() throws {
    let table = try runProgram(["explain"]).output
    let objectives = try json(["explain"])["objectives"]?.array?.compactMap { $0["id"]?.string } ?? []
    #expect(objectives.contains("dpo") && objectives.contains("bfpo"))
    for id in objectives { #expect(table.contains("\n\(id) ")) }
  }

  @Test func `doctor checks what is there and says what to do`() throws {
    try withTemporaryFolder { folder in
      let report = try json(["doctor"], environment: ["BFPO_HOME": folder.path])
      let checks = try #require(report["checks"]?.array)
      func check(_ name: String) -> JSONValue? { checks.first { $0["name"]?.string == name } }
      #expect(check("LAPACKE")?["isPresent"]?.bool == true)
      #expect(check("OpenBLAS")?["found"]?.string?.contains("core=") == true)
      #expect(check("Results folder")?["isPresent"]?.bool == true)
      #expect(check("model")?["isPresent"]?.bool == false)
      #expect(check("model")?["advice"]?.string?.contains("./bfpo model fetch") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "Results").path).isEmpty)
    }
  }

  @Test func `doctor fails when something required is missing`() throws {
    let model = try runProgram(["doctor", "--model", "absent.gguf"])
    #expect(model.status == 66 && model.errors.contains("model") && model.output.contains("MISSING"))
    try withTemporaryFolder { folder in
      try Data("in the way".utf8).write(to: folder.appending(path: "Results"))
      let results = try runProgram(["doctor"], environment: ["BFPO_HOME": folder.path])
      #expect(results.status == 66 && results.errors.contains("Results folder"))
    }
  }
}
