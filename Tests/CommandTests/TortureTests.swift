import Foundation
import TestSupport
import Testing

/// R-04, R-24: nothing lost and nothing double, whatever is killed and however full the disk is.
///
/// The whole of `Tests/Torture/run`, 50 kills of a sweep of 216 cells, runs with `BFPO_TORTURE=1`; a short form always does.
@Suite struct TortureTests {
  static let isLong = ProcessInfo.processInfo.environment["BFPO_TORTURE"] != nil

  @Test func `a sweep that is killed again and again, by two runners on a disk that fills up, ends byte-identically`()
    throws
  {
    let script = packageRoot.appending(path: "Tests/Torture/run").path
    let run = try runShell("\(script) \(Self.isLong ? "50 18 90000" : "8 5 120000")")
    #expect(run.status == 0, "\(run.output) \(run.errors)")
    #expect(run.output.contains("the tables are byte-identical"), "\(run.output)")
    if Self.isLong { print(run.output) }
  }
}
