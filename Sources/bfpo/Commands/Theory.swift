import Basics
import Foundation
import Theory

extension Command {
  static let theory = Command(
    name: "theory",
    summary: "Print every exact optimum of a finite world: BFPO, IPO, DPO, RLHF, constrained RLHF, Safe RLHF.",
    discussion: """
      The world is an object of one prompt with K responses: `reference` (π_ref, K probabilities), `comparison` (μ, what
      pairs are drawn from; default the reference), `preference` (K × K, row i column j: the probability that i beats j),
      `safety` (K probabilities of being safe), `reward` and `cost` (K numbers each), `budget` (for the expected cost),
      and the constants `tau` (default 0.01), `alpha` (0.5), `b1` (3) and `beta` (default tau; for DPO, constrained and
      Safe RLHF). RLHF uses tau; where only beta is given, beta; where both are and differ, `atBeta` has its optimum at
      beta. What a quantity does not need may be absent. Comments are allowed (JSON5).

      With `--json`: `bfpo` (`exact` and `product` policies, `covariance`, `covarianceGap` = its greatest minus its
      least, `minimumLoss` …), and `ipo`, `dpo`, `rlhf`, `morl`, `constrained`, `safeRLHF` with a `policy` each. An
      optimum that does not exist has `exists` or `feasible` false and a `reason`.
      """,
    examples: [
      Example("./bfpo theory --json < world.json", "everything, in full precision"),
      Example("./bfpo theory world.json", "the policies as a table"),
      Example(
        #"echo '{"reference":[0.5,0.5],"preference":[[0.5,0.9],[0.1,0.5]],"tau":1}' | ./bfpo theory"#,
        "IPO and DPO of two responses"),
    ],
    positionals: [
      Positional("FILE", "The world, as JSON or JSON5.", isRequired: false, defaultText: "standard input")
    ],
    flags: [.json],
    next: "./bfpo verify"
  ) { arguments in
    let (lines, source) = try inputLines(arguments.positional("FILE"), arguments.console)
    var text = ""
    while let line = lines() { text += line + "\n" }
    let json = try JSONValue(parsing: Data(text.utf8), json5: true, source: source)
    let report = TheoryReport(try WorldDocument(strictly: json, at: source))
    let document: String
    do {
      document = try canonicalJSON(report.json, pretty: true)
    } catch {
      throw UserError(
        "a quantity of this world is not finite", at: source, because: "its numbers are too large or `tau` too small",
        exitCode: .numericalFailure)
    }
    arguments.console.output(arguments.isJSON ? document : TheoryText(report).text())
    for line in report.missing where !arguments.isJSON { arguments.console.note(line) }
    return .success
  }
}

/// The report as text: a row a policy, then single numbers.
private struct TheoryText {
  let report: TheoryReport

  init(_ report: TheoryReport) { self.report = report }

  func text() -> String {
    let count = report.document.count
    let header = ["policy"] + (1...count).map { "y\($0)" } + ["helpful", "safe", "KL", "also"]
    let alignment: [Table.Alignment] = [.left] + [Table.Alignment](repeating: .right, count: count + 3) + [.left]
    var text = constants() + "\n"
    text += Table(rows(), header: header, alignment: alignment).text()
    for name in ["dpo", "constrained", "safeRLHF"] {
      if let reason = report.json[name]?["reason"]?.string { text += "\(name): \(reason)\n" }
    }
    if let bfpo = report.json["bfpo"] {
      text += "BFPO: minimum loss \(number(bfpo["minimumLoss"])), at the reference \(number(bfpo["lossAtReference"]))"
      text += "; covariance gap \(number(bfpo["covarianceGap"]))"
      text += ", so exact and product form differ by at most \(number(bfpo["productError"]))\n"
    }
    return text
  }

  private func constants() -> String {
    let members = report.json["constants"]?.object ?? [:]
    return members.keys.sorted().map { "\($0) = \(number(members[$0]))" }.joined(separator: ", ") + "\n"
  }

  private func rows() -> [[String]] {
    var rows = [["reference"] + report.document.reference.map { fixed($0, 6) }]
    if let bfpo = report.json["bfpo"] {
      rows.append(["bfpo, exact"] + policy(bfpo["exact"]) + outcomes(bfpo))
      rows.append(["bfpo, product"] + policy(bfpo["product"]))
    }
    for name in ["ipo", "dpo", "rlhf", "morl", "constrained", "safeRLHF"] {
      guard let method = report.json[name], method["policy"] != nil else { continue }
      var also: [String] = []
      for key in ["lambda", "value", "primal", "reward", "cost"] {
        if let value = method[key] { also.append("\(key) \(number(value))") }
      }
      rows.append([name] + policy(method["policy"]) + outcomes(method) + [also.joined(separator: ", ")])
    }
    return rows
  }

  private func policy(_ value: JSONValue?) -> [String] {
    (value?.array ?? []).map { fixed($0.number ?? .nan, 6) }
  }

  private func outcomes(_ method: JSONValue) -> [String] {
    ["helpfulness", "safety", "kl"].map { method[$0]?.number.map { fixed($0, 4) } ?? "" }
  }

  private func number(_ value: JSONValue?) -> String {
    guard let number = value?.number else { return "–" }
    return abs(number) < 1e-4 || abs(number) >= 1e6 ? "\(number)" : "\((number * 1e6).rounded() / 1e6)"
  }
}
