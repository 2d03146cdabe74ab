import Basics
import Foundation
import Laboratory
import Synchronization
import TestSupport
import Testing

/// A cell has one runner, whatever happens to runners.
@Suite struct CellClaimsTests {
  @Test func `a claim is exclusive until it is given back`() throws {
    try withTemporaryFolder { folder in
      let results = ResultsFolder(folder)
      let (first, second) = (try CellClaims(results), try CellClaims(results))
      #expect(try first.acquire("a"))
      #expect(try !second.acquire("a") && second.isHeld("a") && !first.isHeld("a"))
      #expect(try second.acquire("b"))
      second.release("a")
      #expect(try !second.acquire("a"), "only who has a cell can give it back")
      first.release("a")
      #expect(try second.acquire("a"))
      for id in ["a", "b"] { second.release(id) }
      first.close()
      second.close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "runners").path).isEmpty)
    }
  }

  @Test func `the claim of a process that is gone is taken over at once, by one of many`() throws {
    try withTemporaryFolder { folder in
      let results = ResultsFolder(folder)
      let dead = try goneRunner(in: folder)
      try leaveClaim("a", of: dead, in: folder)
      let claims = try (0..<4).map { _ in try CellClaims(results) }
      let winners = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: 4) { index in
        if (try? claims[index].acquire("a")) == true { winners.add(1, ordering: .relaxed) }
      }
      #expect(winners.load(ordering: .relaxed) == 1)
      #expect(try !CellClaims(results).acquire("a"))
    }
  }

  @Test func `another process with the same number is not taken for the one that claimed`() throws {
    try withTemporaryFolder { folder in
      var earlier = Runner.current()
      earlier.token = "earlier"
      earlier.began = "1"
      try leaveClaim("a", of: earlier, in: folder)
      #expect(earlier.liveness == .dead && Runner.current().liveness == .alive)
      #expect(try CellClaims(ResultsFolder(folder)).acquire("a"))
    }
  }

  @Test func `a runner on another machine keeps its cell while its heartbeat moves, even backwards`() throws {
    try withTemporaryFolder { folder in
      let far = try farRunner(in: folder)
      try leaveClaim("a", of: far, in: folder)
      let claims = try CellClaims(ResultsFolder(folder), staleAfter: .milliseconds(300))
      // Its clock runs backwards, from the year 2100 to 1970.
      for year in 0..<6 {
        #expect(try !claims.acquire("a"))
        try touch(far, in: folder, at: Date(timeIntervalSince1970: Double(5 - year) * 800_000_000))
        Thread.sleep(forTimeInterval: 0.1)
      }
      #expect(try !claims.acquire("a"))
      Thread.sleep(forTimeInterval: 0.4)
      #expect(try claims.acquire("a"), "the heartbeat has stopped")
    }
  }

  @Test func `the states of cells`() throws {
    try withTemporaryFolder { folder in
      let results = ResultsFolder(folder)
      let cells = Array(try plan(try smallSpec()).prefix(6))
      let mine = try CellClaims(results)
      #expect(try mine.acquire(cells[1].id))
      try leaveClaim(cells[2].id, of: try goneRunner(in: folder), in: folder)
      let far = try farRunner(in: folder)
      try leaveClaim(cells[3].id, of: far, in: folder)
      let lost = try farRunner(in: folder, token: "lost")
      try touch(lost, in: folder, at: Date(timeIntervalSinceNow: -3600))
      try leaveClaim(cells[4].id, of: lost, in: folder)
      // A clock that is ahead makes nobody stale.
      try touch(far, in: folder, at: Date(timeIntervalSinceNow: 3600))
      let states = results.states(cells)
      #expect(cells.map { states[$0.id] } == [.planned, .running, .stale, .running, .stale, .planned])
      #expect(results.running(cells[3].id)?.age == 0 && results.running(cells[3].id)?.runner.host == "far")
      let missing = CellSelection(states: [.stale])(cells, in: results)
      #expect(missing.map(\.id) == [cells[2].id, cells[4].id])
      #expect(CellSelection(limit: 1)(cells, in: results).map(\.id) == [cells[0].id])
    }
  }

  @Test func `two runners on one folder: every cell is run once, and the bytes are those of one`() throws {
    try withTemporaryFolder { folder in
      let spec = try smallSpec()
      let cells = try plan(spec)
      let results = ResultsFolder(folder.appending(path: "both"))
      let completed = Mutex<[Int]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { _ in
        guard let world = spec.world,
          let outcome = try? runSweep(
            cells, setting: TabularSetting(world), into: results,
            provenance: .current(root: folder, workers: 1), options: SweepOptions(workers: 1),
            isInterrupted: { false }, report: { _ in })
        else { return }
        completed.withLock { $0.append(outcome.completed) }
      }
      let counts = completed.withLock { $0 }
      #expect(counts.count == 2 && counts.reduce(0, +) == cells.count, "\(counts)")
      let alone = ResultsFolder(folder.appending(path: "alone"))
      _ = try runSweep(
        cells, setting: TabularSetting(try #require(spec.world)), into: alone,
        provenance: .current(root: folder, workers: 1), options: SweepOptions(workers: 1), isInterrupted: { false },
        report: { _ in })
      let tables = [results, alone].map { metricsCSV(cells, records: $0.loadRecords().records) }
      #expect(tables[0] == tables[1])
      #expect(results.states(cells).values.allSatisfy { $0 == .done })
    }
  }

  // MARK: Helpers

  /// A process of this machine that has ended.
  private func goneRunner(in folder: URL) throws -> Runner {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    var runner = Runner.current()
    runner.token = "gone"
    runner.process = process.processIdentifier
    try save(runner, in: folder)
    return runner
  }

  private func farRunner(in folder: URL, token: String = "far") throws -> Runner {
    var runner = Runner.current()
    runner.token = token
    runner.host = "far"
    try save(runner, in: folder)
    return runner
  }

  private func file(_ runner: Runner, in folder: URL) -> URL { folder.appending(path: "runners/\(runner.token).json") }

  private func save(_ runner: Runner, in folder: URL) throws {
    try AtomicFile.write(try canonicalJSON(runner), to: file(runner, in: folder))
  }

  private func touch(_ runner: Runner, in folder: URL, at date: Date) throws {
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file(runner, in: folder).path)
  }

  private func leaveClaim(_ id: String, of runner: Runner, in folder: URL) throws {
    if !FileManager.default.fileExists(atPath: file(runner, in: folder).path) { try save(runner, in: folder) }
    let claims = folder.appending(path: "claims")
    try FileManager.default.createDirectory(at: claims, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: claims.appending(path: id).path, withDestinationPath: "../runners/\(runner.token).json")
  }
}
