import Basics
import Foundation
import Theory

extension Command {
  static let verify = Command(
    name: "verify",
    summary: "Check the theory and every objective numerically: a table of claims with their worst errors.",
    discussion: """
      Each claim is checked on fixtures whose values come from an independent derivation, or on random worlds (always the
      same). The exit code is 1 when a claim fails.
      """,
    examples: [
      Example("./bfpo verify", "claim, what was checked, worst error, tolerance, verdict"),
      Example("./bfpo verify --json", "the same for a program"),
      Example("./bfpo verify --quiet && echo sound", "the exit code says whether all hold"),
    ],
    flags: [.json],
    next: "./bfpo theory --json < world.json"
  ) { arguments in
    let start = ContinuousClock.now
    let findings = Theory.verify()
    let elapsed = ContinuousClock.now - start
    let worlds = findings.reduce(0) { $0 + $1.worlds }
    let failed = findings.filter { !$0.holds }
    if arguments.isJSON {
      let report = VerificationReport(
        holds: failed.isEmpty, worlds: worlds, claims: findings.map(VerificationReport.Claim.init))
      arguments.console.output(try canonicalJSON(report, pretty: true))
    } else {
      let rows = findings.map { finding in
        [
          finding.holds ? "holds" : "FAILS", finding.claim, short(finding.worstError), short(finding.tolerance),
          finding.statement + " (" + finding.checked + ")",
        ]
      }
      let table = Table(
        rows, header: ["verdict", "claim", "worst error", "allowed", "statement"],
        alignment: [.left, .left, .right, .right, .left])
      arguments.console.output(table.text())
      arguments.console.output(
        failed.isEmpty
          ? "all \(findings.count) claims hold, on \(worlds) worlds, problems and objectives"
          : "\(failed.count) of \(findings.count) claims FAIL: \(failed.map(\.claim).joined(separator: "; "))")
    }
    arguments.console.detail("took \(elapsed)")
    return failed.isEmpty ? .success : .claimFailed
  }
}

/// Two significant digits.
private func short(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1e", value) }

private struct VerificationReport: Encodable {
  var schema = 1
  var holds: Bool
  var worlds: Int
  var claims: [Claim]

  struct Claim: Encodable {
    var claim: String
    var statement: String
    var checked: String
    var worlds: Int
    /// Absent where something was not a number.
    var worstError: Double?
    var tolerance: Double
    var holds: Bool

    init(_ finding: Finding) {
      claim = finding.claim
      statement = finding.statement
      checked = finding.checked
      worlds = finding.worlds
      worstError = finding.worstError.isFinite ? finding.worstError : nil
      tolerance = finding.tolerance
      holds = finding.holds
    }
  }
}
