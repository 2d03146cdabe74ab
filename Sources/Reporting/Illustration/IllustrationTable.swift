import Basics
import Laboratory

/// Final probabilities of one design next to the exact ones, for every medium.
public struct IllustrationTable: Sendable {
  public var result: IllustrationResult

  public init(_ result: IllustrationResult) { self.result = result }

  private var design: IllustrativeDesign { result.design }
  private var responses: Range<Int> { 0..<design.responseCount }

  /// What is said of every method: π(y) of each response, then E[safe].
  private struct Row {
    var title: String
    /// [responses + 1]
    var trained: [String]
    /// [responses + 1], or why there is none.
    var exact: [String]?
    var reason = ""
    var ranked: String
  }

  private func rows(deviation: String, decimals: Int = 4) -> [Row] {
    result.outcomes.map { outcome in
      let safeties = result.safeties(of: outcome)
      let means = outcome.mean + [mean(safeties)]
      let deviations = outcome.standardDeviation + [standardDeviation(safeties)]
      let trained = zip(means, deviations).map { value, spread in
        outcome.runs.count > 1
          ? "\(fixed(value, decimals))\(deviation)\(fixed(spread, decimals))" : fixed(value, decimals)
      }
      var row = Row(
        title: outcome.method.title, trained: trained,
        ranked: "\(result.recoveries(of: outcome))/\(outcome.runs.count)")
      switch outcome.exact {
      case .policy(let policy, _): row.exact = (policy + [result.safety(of: policy)]).map { fixed($0, decimals) }
      case .none(let reason): row.reason = reason
      }
      return row
    }
  }

  private var header: [String] {
    responses.map { "\(design.name($0)) \(design.isSafe[$0] ? "safe" : "unsafe")" } + ["E[safe]"]
  }

  private var rankingText: String { design.ranking.map(design.name).joined(separator: " > ") }

  /// How to read the columns of ``terminal``.
  public static let legend =
    "Final probability, mean ± standard deviation over seeds; exact: with infinite data and training, `none` where no finite "
    + "optimum exists; ranked: runs that rank the responses as BFPO's reward does."

  // MARK: Terminal

  /// The cells of an aligned table with its header.
  public var terminal: (header: [String], rows: [[String]]) {
    (
      ["method"] + header.flatMap { [$0, "exact"] } + ["ranked"],
      rows(deviation: "±", decimals: 3).map { row in
        [row.title] + zip(row.trained, row.exact ?? row.trained.map { _ in "none" }).flatMap { [$0, $1] } + [row.ranked]
      }
    )
  }

  // MARK: Markdown

  public func markdown() -> String {
    var lines = ["# \(design.id)", "", "\(design.summary.prefix(1).uppercased())\(design.summary.dropFirst()).", ""]
    lines.append("| method | \(header.joined(separator: " | ")) | ranking recovered |")
    lines.append("|---|" + String(repeating: "---|", count: header.count + 1))
    for row in rows(deviation: " ± ") {
      let cells = zip(row.trained, row.exact ?? row.trained.map { _ in "–" }).map { "\($0) (\($1))" }
      lines.append("| \(row.title) | \(cells.joined(separator: " | ")) | \(row.ranked) |")
    }
    lines += [
      "",
      "Mean ± standard deviation over seeds of the final probability, in parentheses the exact optimum. Ranking: "
        + "\(rankingText), each by more than \(fixed(IllustrationResult.tieWidth, 3)).",
    ]
    lines += missing() + ["", IllustrationText.exactGradients, IllustrationText.paper, IllustrationText.reconstructed]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A list of lines such as `- DPO on safety: no optimum, …`, after an empty one.
  private func missing() -> [String] {
    let rows = rows(deviation: "").filter { $0.exact == nil }.map { "- \($0.title): no optimum, \($0.reason)" }
    return rows.isEmpty ? [] : [""] + rows
  }

  // MARK: LaTeX

  /// A `tabular` for the package booktabs: the trained policy, and under it the exact optimum in italics.
  public func latex() -> String {
    var lines = [
      "% \(design.id): \(design.summary). Needs the package booktabs.",
      "\\begin{tabular}{l\(String(repeating: "r", count: header.count))c}", "\\toprule",
      "Method & \(header.joined(separator: " & ")) & ranked \\\\", "\\midrule",
    ]
    for row in rows(deviation: " $\\pm$ ") {
      lines.append("\(Self.tex(row.title)) & \(row.trained.joined(separator: " & ")) & \(row.ranked) \\\\")
      let exact =
        row.exact.map { cells in cells.map { "\\textit{\($0)}" }.joined(separator: " & ") }
        ?? "\\multicolumn{\(header.count)}{c}{\\textit{does not exist}}"
      lines.append("\\quad\\textit{exact} & \(exact) & \\\\")
    }
    return (lines + ["\\bottomrule", "\\end{tabular}"]).joined(separator: "\n") + "\n"
  }

  private static func tex(_ text: String) -> String {
    text.replacing("≥", with: "$\\geq$").replacing("&", with: "\\&").replacing("%", with: "\\%")
  }

  // MARK: CSV

  public static let csvHeader: String = {
    let responses = (1...4).map { "y\($0),y\($0)_sd,y\($0)_exact" }.joined(separator: ",")
    return "design,method,runs,\(responses),safe,safe_sd,safe_exact,ranked,multiplier,multiplier_exact,no_optimum"
  }()

  /// One line per method, without the header; exact values are empty where there is no optimum.
  public func csvRows() -> [String] {
    result.outcomes.map { outcome in
      let exact = outcome.exact.policy
      let safeties = result.safeties(of: outcome)
      var cells = [design.id, outcome.method.id, "\(outcome.runs.count)"]
      for response in responses {
        cells += ["\(outcome.mean[response])", "\(outcome.standardDeviation[response])"]
        cells.append(exact.map { "\($0[response])" } ?? "")
      }
      cells += ["\(mean(safeties))", "\(standardDeviation(safeties))", exact.map { "\(result.safety(of: $0))" } ?? ""]
      cells.append("\(result.recoveries(of: outcome))")
      cells.append(outcome.runs[0].multiplier.map { "\($0)" } ?? "")
      switch outcome.exact {
      case .policy(_, let multiplier): cells += [multiplier.map { "\($0)" } ?? "", ""]
      case .none(let reason): cells += ["", reason]
      }
      return cells.map(csvField).joined(separator: ",")
    }
  }

  /// The tables of several designs as one.
  public static func csv(_ results: [IllustrationResult]) -> String {
    ([csvHeader] + results.flatMap { IllustrationTable($0).csvRows() }).joined(separator: "\n") + "\n"
  }
}
