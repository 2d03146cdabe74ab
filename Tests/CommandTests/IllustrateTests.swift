import Basics
import Foundation
import TestSupport
import Testing

@Suite struct IllustrateTests {
  @Test func `it writes figures, tables and a record, and prints the record`() throws {
    try withTemporaryFolder { folder in
      let run = try runProgram(
        ["illustrate", "--design", "safe-24", "--seeds", "2", "--results", folder.path, "--json"])
      #expect(run.status == 0, "\(run.errors)")
      let record = try JSONValue(parsing: Data(run.output.utf8), source: "illustrate")
      #expect(record["schema"]?.number == 1 && record["seeds"]?.number == 2)
      let design = try #require(record["designs"]?.array?.first)
      #expect(design["ranking"]?.array?.map(\.string) == ["y2", "y4", "y3", "y1"])
      let methods = try #require(design["methods"]?.array)
      #expect(methods.count == 10)
      let bfpo = try #require(methods.first { $0["id"]?.string == "bfpo" })
      #expect(abs(try #require(bfpo["mean"]?.array?[1].number) - 0.411) < 0.015)
      #expect(bfpo["finals"]?.array?.count == 2 && bfpo["ranked"]?.number == 2)
      let written = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "illustrative").path)
      #expect(
        written.sorted() == [
          "curves-safe-24.svg", "final-safe-24.csv", "final-safe-24.md", "final-safe-24.tex", "final.csv",
          "illustrative.json", "plane-safe-24.svg",
        ])
      for name in written where name.hasSuffix(".svg") {
        let svg = try String(contentsOf: folder.appending(path: "illustrative/\(name)"), encoding: .utf8)
        #expect(FigureCheck.faults(svg) == [], "\(name)")
      }
    }
  }

  @Test func `text says what is the paper's and what is reconstructed`() throws {
    try withTemporaryFolder { folder in
      let run = try runProgram(["illustrate", "--design", "product", "--seeds", "1", "--results", folder.path])
      #expect(run.status == 0, "\(run.errors)")
      for part in ["BFPO", "From the paper", "Reconstructed", "plane-product.svg", "ranked"] {
        #expect(run.output.contains(part), "\(part)")
      }
    }
  }

  @Test func `an unknown design is refused with the nearest name`() throws {
    let run = try runProgram(["illustrate", "--design", "safe-41"])
    #expect(run.status == 64 && run.errors.contains("safe-14"), "\(run.errors)")
  }
}
