import Basics

/// Which cells of a plan a command is about: `--only`, `--where` and `--limit`.
public struct CellSelection: Sendable {
  /// Nil: every cell that is not done.
  public var states: Set<CellState>?
  public var filter: CellFilter?
  /// The first so many of those.
  public var limit: Int?

  public init(states: Set<CellState>? = nil, filter: CellFilter? = nil, limit: Int? = nil) {
    self.states = states
    self.filter = filter
    self.limit = limit
  }

  /// The chosen cells in the order of the plan, each once.
  public func callAsFunction(_ cells: [PlannedCell], in folder: ResultsFolder) -> [PlannedCell] {
    let candidates = uniqueCells(cells).filter { filter?.matches($0) ?? true }
    let known = folder.states(candidates)
    let chosen = candidates.filter { cell in
      guard let state = known[cell.id] else { return false }
      return states?.contains(state) ?? (state != .done)
    }
    return limit.map { Array(chosen.prefix($0)) } ?? chosen
  }

  /// `failed,missing,stale` as states.
  ///
  /// - Throws: ``UserError`` (64) for another word.
  public static func states(_ text: String, at location: String) throws -> Set<CellState> {
    let words = ["failed": CellState.failed, "missing": .planned, "planned": .planned, "stale": .stale]
    return try Set(
      text.split(separator: ",").map { word in
        let name = word.trimmingSpaces
        if let state = words[name] { return state }
        throw UserError(
          "there is no state `\(name)` to choose", at: location,
          because: name == "done" ? "what is done is never run again" : nil,
          advice: suggestion(for: name, among: ["failed", "missing", "stale"]), exitCode: .usage)
      })
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
