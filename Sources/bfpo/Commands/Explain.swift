import Basics
import Foundation
import Objectives

extension Command {
  static let explain = Command(
    name: "explain",
    summary: "Say what an objective computes and what its hyper-parameters do.",
    examples: [
      Example("./bfpo explain", "a table of every objective"),
      Example("./bfpo explain bfpo", "one objective: formula, label table, defaults, source"),
      Example("./bfpo explain bfpo --set alpha=0.25 --set tau=1", "its label table for other hyper-parameters"),
    ],
    positionals: [Positional("OBJECTIVE", "The objective's name.", isRequired: false, defaultText: "all, as a table")],
    options: [.set],
    flags: [.json],
    next: "./bfpo loss --objective bfpo --json < pairs.jsonl"
  ) { arguments in
    let settings = try arguments.hyperparameters()
    if let name = arguments.positional("OBJECTIVE") {
      let entry = try catalogueEntry(name)
      let explanation = Explanation(entry, method: try entry.makeMethod(settings, at: arguments.place(Option.set.name)))
      arguments.console.output(arguments.isJSON ? try canonicalJSON(explanation, pretty: true) : explanation.text())
      return .success
    }
    guard settings.isEmpty else {
      throw UserError("`--set` needs an objective", advice: "./bfpo explain bfpo --set alpha=0.25", exitCode: .usage)
    }
    let all = (catalogue + rolloutCatalogue).map { Explanation($0, method: $0.method) }
    arguments.console.output(
      arguments.isJSON
        ? try canonicalJSON(MethodsTable(objectives: all), pretty: true) : MethodsTable(objectives: all).text())
    return .success
  }
}

/// Every objective in a row.
private struct MethodsTable: Encodable {
  var schema = 1
  var objectives: [Explanation]

  func text() -> String {
    let header = ["stationary at", "labels needed", "source"]
    return Table(rows(onPairs: true), header: ["objective", "loss of one pair"] + header).text()
      + "\nh is the margin: log-ratio of the chosen response minus log-ratio of the rejected one.\n\n"
      + Table(rows(onPairs: false), header: ["objective", "loss of one token of its own responses"] + header).text()
  }

  private func rows(onPairs: Bool) -> [[String]] {
    objectives.filter { $0.learnsFromPairs == onPairs }.map { objective in
      [
        objective.id, objective.equation, objective.stationaryPoint,
        objective.labels.map(Explanation.words).joined(separator: ", "), objective.source,
      ]
    }
  }
}

/// An objective's card with the values of its hyper-parameters and, if safety flags matter, what each case of them does.
private struct Explanation: Encodable {
  /// One case of the two safety flags.
  struct LabelCase: Encodable {
    var chosenSafe: Bool
    var rejectedSafe: Bool
    /// The label g, and the margin at which the loss is stationary; absent for an objective without a target.
    var target: Double?
    var stationaryMargin: Double?
    var lossAtReference: Double
    /// ∂L/∂log π(y_w|x) at the reference, L′(0) for a function of the margin: negative raises the chosen response.
    var derivativeAtReference: Double
    /// ∂L/∂log π(y_l|x) at the reference.
    var rejectedDerivativeAtReference: Double
    /// Whether the objective learns from the pair; a pair that it leaves out has loss 0.
    var isUsed: Bool
  }

  var schema = 1
  var id: String
  var aliases: [String]
  var parameterAliases: [String: String]
  /// Whether it learns from labelled pairs; otherwise from the policy's own responses.
  var learnsFromPairs: Bool
  /// Whether the loss is a function of the margin h alone.
  var isFunctionOfMargin: Bool
  var title: String
  var equation: String
  var tauDirection: String
  var hyperparameters: [String: JSONValue]
  var defaults: [String: JSONValue]
  var labels: [String]
  var labelTable: [LabelCase]
  var conventions: String
  var stationaryPoint: String
  var populationOptimum: String
  var stepZero: String
  var source: String
  var citationKey: String

  init(_ entry: CatalogueEntry, method: any TrainingMethod) {
    let objective = method as? any Objective
    learnsFromPairs = objective != nil
    let card = entry.card
    id = card.id
    aliases = card.aliases
    parameterAliases = card.parameterAliases.filter { entry.parameters[$0.value] != nil && $0.key != $0.value }
      .filter { entry.parameters[$0.key] == nil }
    isFunctionOfMargin = objective is any MarginObjective
    title = card.title
    equation = card.equation
    tauDirection = card.tauDirection
    hyperparameters = (try? JSONValue(encoding: method))?.object ?? [:]
    defaults = entry.parameters
    labels = LabelNeed.allCases.filter(card.labels.contains).map(\.rawValue)
    labelTable = card.labels.contains(.safetyFlags) ? objective.map(Self.cases) ?? [] : []
    conventions = card.conventions
    stationaryPoint = card.stationaryPoint
    populationOptimum = card.populationOptimum
    stepZero = card.stepZero
    source = card.source
    citationKey = card.citationKey
  }

  private static func cases(_ objective: any Objective) -> [LabelCase] {
    [(true, true), (true, false), (false, false), (false, true)].map { chosen, rejected in
      let label = PairLabel(chosenSafe: chosen, rejectedSafe: rejected)
      let value = objective.evaluate(
        PairSample(policyChosen: 0, policyRejected: 0, referenceChosen: 0, referenceRejected: 0, label: label))
      let targeted = objective as? any TargetedObjective
      let target = targeted?.target(label)
      return LabelCase(
        chosenSafe: chosen, rejectedSafe: rejected, target: target,
        stationaryMargin: target.flatMap { target in targeted.map { target / $0.tau } }, lossAtReference: value.loss,
        derivativeAtReference: value.dChosen, rejectedDerivativeAtReference: value.dRejected,
        isUsed: objective.admits(label))
    }
  }

  func text() -> String {
    var text = """
      \(title) (`\(id)`)

        \(equation)

      \(isFunctionOfMargin || equation.contains("τh") ? marginText : "")\
        \(learnsFromPairs ? Self.pairSymbols : Self.rolloutSymbols)


      """
    text += Table(
      [
        ["τ", tauDirection], ["stationary", stationaryPoint], ["population optimum", populationOptimum],
        ["loss at the reference", stepZero],
        ["labels needed", labels.map(Self.words).joined(separator: ", ")], ["conventions", conventions],
        ["source", source],
      ] + (aliases.isEmpty ? [] : [["also known as", aliases.joined(separator: ", ")]]), header: nil
    ).text()
    let names = hyperparameters.keys.sorted()
    let rows = names.map { [$0, Self.plain(hyperparameters[$0]), Self.plain(defaults[$0])] }
    text +=
      "\n" + Table(rows, header: ["hyper-parameter", "value", "default"], alignment: [.left, .right, .right]).text()
    for (alias, name) in parameterAliases.sorted(by: { $0.key < $1.key }) {
      text += "`\(alias)` is accepted for `\(name)` and recorded as `\(name)`.\n"
    }
    if !labelTable.isEmpty { text += "\n" + labelTableText() }
    return text
  }

  /// Columns for g and h* only where there is a target, one for the rejected response only where it is not the opposite of the chosen.
  private func labelTableText() -> String {
    let hasTarget = labelTable.contains { $0.target != nil }
    let rows = labelTable.map { row in
      [row.chosenSafe ? "safe" : "unsafe", row.rejectedSafe ? "safe" : "unsafe"]
        + (hasTarget ? [Self.plain(row.target), Self.plain(row.stationaryMargin)] : [])
        + [Self.plain(row.lossAtReference), Self.plain(row.derivativeAtReference)]
        + [row.isUsed ? Self.movement(row.derivativeAtReference) : "left out with the pair"]
        + (isFunctionOfMargin ? [] : [Self.movement(row.rejectedDerivativeAtReference)])
    }
    let header =
      ["chosen", "rejected"] + (hasTarget ? ["g", "h* = g/τ"] : [])
      + (isFunctionOfMargin ? ["L(0)", "L′(0)"] : ["L at π_ref", "∂L/∂log π(y_w)"])
      + ["the chosen response is"] + (isFunctionOfMargin ? [] : ["the rejected one is"])
    let numbers = [Table.Alignment](repeating: .right, count: hasTarget ? 4 : 2)
    return Table(rows, header: header, alignment: [.left, .left] + numbers + [.left, .left]).text()
  }

  private static func movement(_ derivative: Double) -> String {
    derivative < 0 ? "raised" : derivative > 0 ? "lowered" : "kept"
  }

  private static let pairSymbols = "y_w is the chosen response, y_l the rejected one, π_ref the reference policy."
  private static let rolloutSymbols = """
    y is a response of the policy, ρ = π(y)/π_old(y), ℓ = log π_old(y) − log π_ref(y), r and c its reward and cost,
      A_r and A_c their advantages, J_C the mean cost of recent responses, d the budget, λ its multiplier.
    """

  private var marginText: String {
    "  h = [log π(y_w|x) − log π_ref(y_w|x)] − [log π(y_l|x) − log π_ref(y_l|x)]\n"
  }

  static func words(_ label: String) -> String {
    switch LabelNeed(rawValue: label) {
    case .order: "order"
    case .safetyFlags: "safety flags"
    case .rewards: "rewards"
    case .costs: "costs"
    case nil: label
    }
  }

  private static func plain(_ value: JSONValue?) -> String {
    value?.string ?? value?.bool.map(String.init) ?? plain(value?.number)
  }

  /// At most six significant digits, with a real minus sign.
  private static func plain(_ value: Double?) -> String {
    guard let value else { return "–" }
    let rounded = value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : significant(value)
    return rounded.replacing("-", with: "−")
  }

  private static func significant(_ value: Double) -> String {
    let exponent = (log10(abs(value))).rounded(.down)
    if exponent < 6 {
      let scale = pow(10, min(5 - exponent, 12))
      return "\((value * scale).rounded() / scale)"
    }
    let scale = pow(10, exponent - 5)
    return "\((value / scale).rounded() / 1e5)e\(Int(exponent))"
  }
}
