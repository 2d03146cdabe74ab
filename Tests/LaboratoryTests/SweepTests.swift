import Basics
import Foundation
import Laboratory
import Synchronization
import TestSupport
import Testing

@Suite struct SweepTests {
  @Test func `irrelevant axes are not multiplied`() throws {
    let cells = try plan(try smallSpec())
    // DPO: 2 τ × 3 seeds; BFPO: 2 τ × 2 α × 3 seeds.
    #expect(cells.count == 6 + 12)
    #expect(Set(cells.map(\.id)).count == 18)
    #expect(cells.filter { $0.arm == "DPO" }.allSatisfy { $0.axes.map(\.name) == ["tau"] })
    #expect(cells.filter { $0.arm == "BFPO" }.allSatisfy { $0.axes.map(\.name) == ["tau", "alpha"] })
  }

  @Test func `a cell's identity does not depend on what else is swept or on the arm's name`() throws {
    let all = try plan(try smallSpec())
    let fewer = try plan(try smallSpec(taus: "[0.5]", name: "Renamed"))
    #expect(!fewer.isEmpty)
    #expect(Set(fewer.map(\.id)).isSubset(of: Set(all.map(\.id))))
  }

  @Test func `one worker and two workers give the same bytes`() throws {
    try withTemporaryFolder { folder in
      let one = try run(into: folder.appendingPathComponent("one"), workers: 1)
      let two = try run(into: folder.appendingPathComponent("two"), workers: 2)
      #expect(one.csv == two.csv)
      #expect(one.outcome.completed == 18)
      #expect(one.csv.split(separator: "\n").count == 1 + 18 * 7)
    }
  }

  @Test func `an interrupted sweep goes on where it stopped and ends with the same bytes`() throws {
    try withTemporaryFolder { folder in
      let whole = try run(into: folder.appendingPathComponent("whole"), workers: 2)
      let part = folder.appendingPathComponent("part")
      let asked = Atomic(0)
      let first = try run(into: part, workers: 1) { asked.wrappingAdd(1, ordering: .relaxed).newValue > 500 }
      #expect(first.outcome.interrupted)
      #expect((1..<18).contains(first.outcome.completed))
      let second = try run(into: part, workers: 2)
      #expect(second.outcome.skipped == first.outcome.completed)
      #expect(second.outcome.completed == 18 - first.outcome.completed)
      #expect(second.csv == whole.csv)
      let third = try run(into: part, workers: 2)
      #expect(third.outcome.skipped == 18)
      #expect(third.outcome.completed == 0)
    }
  }

  @Test func `a damaged record counts as missing and is made again`() throws {
    try withTemporaryFolder { folder in
      let first = try run(into: folder, workers: 2)
      let cells = try plan(try smallSpec())
      let record = ResultsFolder(folder).recordFile(cells[3].id)
      let bytes = try Data(contentsOf: record)
      try bytes.prefix(bytes.count / 2).write(to: record)
      #expect(ResultsFolder(folder).loadRecords().unreadable == [record.path])
      let second = try run(into: folder, workers: 1)
      #expect(second.outcome.completed == 1)
      #expect(second.csv == first.csv)
    }
  }

  @Test func `a failing cell is recorded, does not stop the others, and is tried again`() throws {
    try withTemporaryFolder { folder in
      let spec = try smallSpec(training: "learningRate: 1e308")
      let cells = try plan(spec)
      let outcome = try run(spec, into: folder, workers: 2).outcome
      #expect(outcome.failed == cells.count)
      let record = ResultsFolder(folder).loadRecords().records[cells[0].id]
      #expect(record?.failure?.exitCode == ExitCode.numericalFailure.rawValue)
      #expect(record?.failure?.message.contains("step") == true)
      #expect(try run(spec, into: folder, workers: 1).outcome.failed == cells.count)
    }
  }

  @Test func `an unwritable results folder is said before anything runs`() throws {
    let error = #expect(throws: UserError.self) {
      try run(into: URL(fileURLWithPath: "/proc/bfpo-results"), workers: 1)
    }
    #expect(error?.exitCode == .cannotCreateOutput)
  }

  // MARK: Helpers

  private func run(
    _ spec: ExperimentSpec? = nil, into folder: URL, workers: Int,
    isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) throws -> (outcome: SweepOutcome, csv: String) {
    let spec = try spec ?? smallSpec()
    let cells = try plan(spec)
    let folder = ResultsFolder(folder)
    let outcome = try runSweep(
      cells, setting: TabularSetting(try #require(spec.world)), into: folder,
      provenance: Provenance.current(root: folder.url, workers: workers), options: SweepOptions(workers: workers),
      isInterrupted: isInterrupted, report: { _ in })
    return (outcome, metricsCSV(cells, records: folder.loadRecords().records))
  }
}

/// Two arms, 18 cells, a hundred steps each.
func smallSpec(taus: String = "[0.5, 2]", name: String = "DPO", training: String = "") throws -> ExperimentSpec {
  let text = """
    { name: "small", world: { prompts: 3, responses: 4, comparisons: 64 },
      training: { steps: 100, \(training) }, axes: { tau: \(taus), alpha: [0.25, 0.5] },
      arms: [ { name: "\(name)", objective: "dpo", order: "helpfulness" },
              { name: "BFPO", objective: "bfpo", order: "helpfulness" } ], seeds: 3 }
    """
  return try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
}
