import Basics

/// An objective known by name.
public struct CatalogueEntry: Sendable {
  public let card: ObjectiveCard
  /// The documented defaults.
  public let defaults: any Objective
  /// Every hyper-parameter with its default.
  public let parameters: [String: JSONValue]
  private let decode: @Sendable (JSONValue) throws -> any Objective

  public static func objective<O: Objective>(_ type: O.Type) -> CatalogueEntry {
    let defaults = O()
    guard let encoded = try? JSONValue(encoding: defaults), let parameters = encoded.object else {
      preconditionFailure("the defaults of \(O.self) do not encode as an object")
    }
    return CatalogueEntry(card: O.card, defaults: defaults, parameters: parameters) { try $0.decode(O.self) }
  }

  private init(
    card: ObjectiveCard, defaults: any Objective, parameters: [String: JSONValue],
    decode: @escaping @Sendable (JSONValue) throws -> any Objective
  ) {
    self.card = card
    self.defaults = defaults
    self.parameters = parameters
    self.decode = decode
  }

  /// The canonical name of a hyper-parameter: case is ignored (`B1` is `b1`), and other codebases' names are known
  /// (`beta` is `tau`; ``ObjectiveCard/parameterAliases``).
  public func canonicalName(_ name: String) -> String? {
    let lowered = name.lowercased()
    if let known = parameters.keys.first(where: { $0.lowercased() == lowered }) { return known }
    return card.parameterAliases[lowered].flatMap { parameters[$0] == nil ? nil : $0 }
  }

  /// The objective with some hyper-parameters replaced.
  ///
  /// - Throws: ``UserError`` for an unknown name (the nearest is suggested), a wrong type, or a value out of range.
  public func make(_ settings: [String: JSONValue], at location: String? = nil) throws -> any Objective {
    var values = parameters
    var given: [String: String] = [:]
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
      guard let canonical = canonicalName(name) else {
        throw UserError(
          "unknown hyper-parameter `\(name)` of \(card.id)", at: location,
          advice: suggestion(for: name, among: Array(parameters.keys)), exitCode: .usage)
      }
      if let other = given.updateValue(name, forKey: canonical) {
        throw UserError(
          "`\(other)` and `\(name)` are the same hyper-parameter of \(card.id)", at: location,
          advice: "give one of them",
          exitCode: .usage)
      }
      values[canonical] = value
    }
    let objective: any Objective
    do {
      objective = try decode(.object(values))
    } catch {
      throw UserError(
        "a hyper-parameter of \(card.id) has the wrong type", at: location, because: decodingReason(error),
        advice: "`bfpo explain \(card.id)` lists them", exitCode: .usage)
    }
    if let complaint = objective.complaint {
      throw UserError(
        "a hyper-parameter of \(card.id) is out of range", at: location, because: complaint,
        advice: "`bfpo explain \(card.id)` lists them", exitCode: .usage)
    }
    return objective
  }
}

/// The catalogue entry of a name.
///
/// - Throws: ``UserError`` for an unknown name; a bare `cdpo` gets a hint, because it names two different methods.
public func catalogueEntry(_ id: String, at location: String? = nil) throws -> CatalogueEntry {
  let name = id.lowercased()
  if let entry = catalogue.first(where: { $0.card.id == name || $0.card.aliases.contains(name) }) { return entry }
  let advice =
    ["cdpo", "c-dpo", "c_dpo"].contains(name)
    ? """
    `cdpo` is ambiguous: `constrained-dpo` (C-DPO, arXiv 2403.02475: a cost constraint and a dual variable) or \
    `conservative-dpo` (label smoothing, arXiv 2305.18290)
    """
    : suggestion(for: name, among: catalogue.flatMap { [$0.card.id] + $0.card.aliases })
  throw UserError("unknown objective `\(id)`", at: location, advice: advice, exitCode: .usage)
}

/// What is wrong with a τ, or nil.
func complaintAboutTau(_ tau: Double) -> String? {
  tau > 0 && tau.isFinite ? nil : "tau must be positive and finite, got \(tau)"
}
