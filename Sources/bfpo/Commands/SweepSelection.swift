import Basics
import Foundation
import Laboratory

extension Option {
  static let only = Option(
    "only", value: "STATES", "Only cells in these states: failed, missing, stale, joined by commas.",
    defaultText: "all that are not done")
  static let condition = Option(
    "where", value: "CONDITION",
    "Only cells that meet a condition on arm, objective, order, seed and hyper-parameters, such as 'objective == bfpo && alpha > 0.25'."
  )
  static let limit = Option("limit", value: "N", "At most so many cells, the first ones of the plan.")
  static let processes = Option(
    "processes", short: "p", value: "N",
    "Give each cell a process of its own, and run N at the same time; 0 runs all cells in this process, which shares more.",
    defaultText: "1 for a language model; none for a table")
}

extension Arguments {
  /// What `--only`, `--where` and `--limit` say.
  ///
  /// - Parameter states: what `--only` means where it is absent.
  /// - Throws: ``UserError`` (64).
  func selection(_ cells: [PlannedCell], states: Set<CellState>? = nil) throws -> CellSelection {
    let declared = command.options.map(\.name)
    func given(_ option: Option) -> String? { declared.contains(option.name) ? self.option(option.name) : nil }
    var selection = CellSelection(states: states)
    if let text = given(.only) { selection.states = try CellSelection.states(text, at: place(Option.only.name)) }
    if let text = given(.condition) {
      selection.filter = try CellFilter(text, cells: cells, at: place(Option.condition.name))
    }
    if declared.contains(Option.limit.name) {
      selection.limit = try integer(Option.limit.name, in: 1...Int.max)
    }
    return selection
  }
}

extension CellState {
  /// In the order in which tables show them.
  static let shown: [CellState] = [.done, .running, .failed, .stale, .planned]
}

/// `1.3 GB`, for people.
func byteText(_ bytes: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 || value >= 100
    ? "\(Int(value.rounded())) \(units[unit])" : "\((value * 10).rounded() / 10) \(units[unit])"
}

/// `7 s` or `20 s to 3 min 10 s`.
func rangeText(_ range: SweepEstimate.Range) -> String {
  let (low, high) = (clockText(range.low), clockText(range.high))
  return low == high ? high : "\(low) to \(high)"
}
