import Laboratory
import Objectives

/// Every method of the catalogue with its conventions: what it is told, what τ does, where it comes from.
func methodsTable() -> DataTable {
  DataTable(
    title: "Methods and conventions", header: methodsHeader, rows: methodCards.map { $0.fields + [$0.card.source] },
    textColumns: methodsHeader.count, note: methodsNote)
}

/// The same with citations in place of sources.
func methodsLatex() -> String {
  let cards = methodCards
  let table = DataTable(
    title: "", header: methodsHeader, rows: cards.map { $0.fields + [$0.card.citationKey] },
    textColumns: methodsHeader.count, note: methodsNote)
  return table.latex { text, column in column == methodsHeader.count - 1 ? "\\citet{\(text)}" : latexText(text) }
}

private let methodsHeader = ["name", "method", "labels", "learns from", "source"]
private let methodsNote =
  "In every method a larger τ (DPO's β) keeps the policy closer to the reference, or, where there is no reference, weighs the margin more; "
  + "log-probabilities are summed over response tokens unless `reduction=mean` or the method's own definition says otherwise."

private struct MethodCard {
  var card: ObjectiveCard
  var isOnPolicy: Bool

  var fields: [String] {
    let labels = LabelNeed.allCases.filter(card.labels.contains).map(\.title).joined(separator: ", ")
    return [card.id, card.title, labels, isOnPolicy ? "its own responses" : "pairs"]
  }
}

private var methodCards: [MethodCard] {
  catalogue.map { MethodCard(card: $0.card, isOnPolicy: false) }
    + rolloutCatalogue.map { MethodCard(card: $0.card, isOnPolicy: true) }
}

extension LabelNeed {
  fileprivate var title: String {
    switch self {
    case .order: "order"
    case .safetyFlags: "safety flags"
    case .rewards: "rewards"
    case .costs: "costs"
    }
  }
}
