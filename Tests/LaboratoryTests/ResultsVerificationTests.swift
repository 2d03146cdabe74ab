import Basics
import Foundation
import Laboratory
import TestSupport
import Testing

/// records are what they say they are.
@Suite struct ResultsVerificationTests {
  @Test func `an undisturbed folder has nothing wrong, and gives the same bytes again`() throws {
    try withSweep { folder, experiment in
      var found = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      try found.rerun(3, seed: 1, tolerance: 0, experiment: experiment, folder: folder) { _ in }
      #expect(found.records == 18 && found.findings.isEmpty && found.unchecked == 0 && found.makers.count == 1)
      #expect(found.rerun.count == 3 && Set(found.rerun).count == 3 && found.largestDifference == 0)
      var again = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      try again.rerun(3, seed: 1, tolerance: 0, experiment: experiment, folder: folder) { _ in }
      #expect(again.rerun == found.rerun, "the seed draws the cells")
    }
  }

  @Test(arguments: [
    ("\"safety\" : 0.", "\"safety\" : 0.9", "has been changed since it was written"),
    ("\"seed\" : 0", "\"seed\" : 7", "is not what its id is the digest of"),
    ("{\n  \"checksum\"", "{ \"che", "cannot be read"),
  ])
  func `a number edited by hand, another configuration, a damaged file`(from: String, to: String, what: String) throws {
    try withSweep { folder, experiment in
      let cell = try #require(experiment.cells.first { $0.configuration.seed == 0 })
      let file = folder.recordFile(cell.id)
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.contains(from))
      let edited = what.contains("read") ? String(text.dropLast(40)) : text.replacing(from, with: to)
      try Data(edited.utf8).write(to: file)
      let found = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      #expect(found.count(.damaged) == 1 && found.findings[0].id == cell.id)
      #expect(found.findings[0].what.contains(what), "\(found.findings)")
    }
  }

  @Test func `a number that no run gives is found by running again`() throws {
    try withSweep { folder, experiment in
      var record = try #require(folder.record(experiment.cells[0].id))
      record.metrics["safety"]? += 1e-12
      // With a checksum of its own: a forgery.
      try folder.save(record)
      var found = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      #expect(found.findings.isEmpty)
      try found.rerun(18, seed: 0, tolerance: 1, experiment: experiment, folder: folder) { _ in }
      #expect(found.count(.differs) == 1 && found.findings[0].id == record.id)
      // On another processor only the tolerance counts.
      record.provenance.processor = "another"
      try folder.save(record)
      var elsewhere = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      try elsewhere.rerun(18, seed: 0, tolerance: 1e-9, experiment: experiment, folder: folder) { _ in }
      #expect(elsewhere.findings.isEmpty && elsewhere.largestDifference > 0)
      var strict = ResultsVerification(folder, experiment: experiment, dataProblem: nil)
      try strict.rerun(18, seed: 0, tolerance: 1e-15, experiment: experiment, folder: folder) { _ in }
      #expect(strict.count(.differs) == 1)
    }
  }

  @Test func `records of other code and of another specification are named`() throws {
    try withSweep { folder, experiment in
      var record = try #require(folder.record(experiment.cells[4].id))
      record.provenance.program = "0123"
      try folder.save(record)
      let spec = try smallSpec(taus: "[0.5]")
      let fewer = try Experiment(spec, text: "", project: Project(root: folder.url), workers: 1)
      let found = ResultsVerification(folder, experiment: fewer, dataProblem: nil)
      #expect(found.count(.otherCode) == 1 && found.makers.count == 2)
      #expect(found.count(.otherData) == 9)
      #expect(found.findings.contains { $0.what == "the specification has no such cell any more" })
    }
  }

  private func withSweep(_ body: (ResultsFolder, Experiment) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let project = Project(root: folder)
      let experiment = try Experiment(try smallSpec(), text: "", project: project, workers: 1)
      let results = ResultsFolder(folder.appending(path: "small"))
      _ = try experiment.run(
        into: results, project: project, options: SweepOptions(workers: 2), isInterrupted: { false }, report: { _ in })
      try body(results, experiment)
    }
  }
}
