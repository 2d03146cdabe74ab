import Basics

/// A training method known by name: an objective on pairs, or one on the policy's own responses.
public struct CatalogueEntry: Sendable {
  public let card: ObjectiveCard
  /// The documented defaults.
  public let method: any TrainingMethod
  /// Every hyper-parameter with its default.
  public let parameters: [String: JSONValue]
  private let decode: @Sendable (JSONValue) throws -> any TrainingMethod

  /// An objective on labelled pairs.
  public static func objective<O: Objective>(_ type: O.Type) -> CatalogueEntry { CatalogueEntry(O(), card: O.card) }

  /// An objective on the policy's own responses.
  ///
  /// - Parameters:
  ///   - defaults: its documented values, or those of a named preset.
  ///   - card: the preset's own, where it is one.
  public static func rollout<O: RolloutObjective>(_ defaults: O, card: ObjectiveCard = O.card) -> CatalogueEntry {
    CatalogueEntry(defaults, card: card)
  }

  private init<M: TrainingMethod>(_ defaults: M, card: ObjectiveCard) {
    guard let encoded = try? JSONValue(encoding: defaults), let parameters = encoded.object else {
      preconditionFailure("the defaults of \(M.self) do not encode as an object")
    }
    self.card = card
    self.parameters = parameters
    method = defaults
    decode = { try $0.decode(M.self) }
  }

  /// The documented defaults of an objective on pairs, such as every one of ``catalogue``.
  public var defaults: any Objective {
    guard let objective = method as? any Objective else { preconditionFailure("\(card.id) does not learn from pairs") }
    return objective
  }

  /// The canonical name of a hyper-parameter: case is ignored (`B1` is `b1`), and other codebases' names are known
  /// (`beta` is `tau`; ``ObjectiveCard/parameterAliases``).
  public func canonicalName(_ name: String) -> String? {
    let lowered = name.lowercased()
    if let known = parameters.keys.first(where: { $0.lowercased() == lowered }) { return known }
    return card.parameterAliases[lowered].flatMap { parameters[$0] == nil ? nil : $0 }
  }

  /// The objective on pairs with some hyper-parameters replaced.
  ///
  /// - Throws: as ``makeMethod(_:at:)``, and for a method that does not learn from pairs.
  public func make(_ settings: [String: JSONValue], at location: String? = nil) throws -> any Objective {
    let method = try makeMethod(settings, at: location)
    if let objective = method as? any Objective { return objective }
    throw UserError(
      "\(card.id) has no loss of a pair",
      because: "it learns from responses that the policy writes while it is trained, not from labelled pairs",
      advice: "`./bfpo explain \(card.id)` says what it computes; an arm of an experiment trains it", exitCode: .usage)
  }

  /// The method with some hyper-parameters replaced.
  ///
  /// - Throws: ``UserError`` for an unknown name (the nearest is suggested), a wrong type, or a value out of range.
  public func makeMethod(_ settings: [String: JSONValue], at location: String? = nil) throws -> any TrainingMethod {
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
    let method: any TrainingMethod
    do {
      method = try decode(.object(values))
    } catch {
      throw UserError(
        "a hyper-parameter of \(card.id) has the wrong type", at: location, because: decodingReason(error),
        advice: "`bfpo explain \(card.id)` lists them", exitCode: .usage)
    }
    if let complaint = method.complaint {
      throw UserError(
        "a hyper-parameter of \(card.id) is out of range", at: location, because: complaint,
        advice: "`bfpo explain \(card.id)` lists them", exitCode: .usage)
    }
    return method
  }
}

/// The entry of a name, in ``catalogue`` or ``rolloutCatalogue``.
///
/// - Throws: ``UserError`` for an unknown name; a bare `cdpo` gets a hint, because it names two different methods.
public func catalogueEntry(_ id: String, at location: String? = nil) throws -> CatalogueEntry {
  let name = id.lowercased()
  let all = catalogue + rolloutCatalogue
  if let entry = all.first(where: { $0.card.id == name || $0.card.aliases.contains(name) }) { return entry }
  let advice =
    ["cdpo", "c-dpo", "c_dpo"].contains(name)
    ? """
    `cdpo` is ambiguous: `constrained-dpo` (C-DPO, arXiv 2403.02475: a cost constraint and a dual variable) or \
    `conservative-dpo` (label smoothing, arXiv 2305.18290)
    """
    : suggestion(for: name, among: all.flatMap { [$0.card.id] + $0.card.aliases })
  throw UserError("unknown objective `\(id)`", at: location, advice: advice, exitCode: .usage)
}

/// What is wrong with a τ, or nil.
func complaintAboutTau(_ tau: Double) -> String? {
  tau > 0 && tau.isFinite ? nil : "tau must be positive and finite, got \(tau)"
}
