import Basics
import Objectives
import Preferences

/// One arm of an experiment: an objective, the order that makes a response the chosen one, and what is swept.
public struct ArmSpec: Specification {
  public var name: String
  /// A name of the catalogue.
  public var objective: String
  public var order: PreferenceOrder
  /// Hyper-parameters that differ from the objective's defaults.
  public var settings: [String: JSONValue]
  /// Hyper-parameter → values; takes the place of the experiment's `axes` for that hyper-parameter.
  public var sweep: [String: [JSONValue]]
  /// Whether the helpfulness buffer is a second stream of this arm (BFPO's Algorithm 1).
  public var buffer: Bool

  enum CodingKeys: String, CodingKey, CaseIterable { case name, objective, order, settings, sweep, buffer }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    ["settings": .object([:]), "sweep": .object([:]), "buffer": .bool(false)]
  }

  /// Every combination of the arm's axes with the objective it makes.
  ///
  /// - Throws: ``UserError`` for an unknown objective or hyper-parameter, or a value out of range.
  func objectives(
    axes: [String: [JSONValue]], at location: String
  ) throws -> [(axes: [AxisValue], objective: any Objective)] {
    let entry = try catalogueEntry(objective, at: location)
    return try combinations(axes: axes, at: location).map { combination in
      var values = settings.filter { name, _ in !combination.contains { $0.name == entry.canonicalName(name) } }
      for axis in combination { values[axis.name] = axis.value }
      return (combination, try entry.make(values, at: location))
    }
  }

  /// Every combination of the arm's axes: the experiment's axes that its objective has, replaced by its own sweep.
  ///
  /// - Returns: hyper-parameter values per combination, in the order of the axes' canonical names with `tau` first; one
  ///   empty combination when nothing is swept.
  func combinations(axes: [String: [JSONValue]], at location: String) throws -> [[AxisValue]] {
    let entry = try catalogueEntry(objective, at: location)
    var merged: [String: [JSONValue]] = [:]
    for (name, values) in axes {
      if let canonical = entry.canonicalName(name) { merged[canonical] = values }
    }
    for (name, values) in sweep {
      guard let canonical = entry.canonicalName(name) else {
        throw UserError(
          "unknown hyper-parameter `\(name)` of \(objective)", at: "\(location), sweep",
          advice: suggestion(for: name, among: Array(entry.parameters.keys)), exitCode: .badData)
      }
      merged[canonical] = values
    }
    let fixed = Set(settings.keys.compactMap(entry.canonicalName))
    for name in fixed where sweep[name] == nil { merged[name] = nil }
    var combinations: [[AxisValue]] = [[]]
    for name in merged.keys.sorted(by: axisOrder) {
      guard let values = merged[name], !values.isEmpty else {
        throw UserError("the axis `\(name)` has no values", at: "\(location), sweep", exitCode: .badData)
      }
      combinations = combinations.flatMap { partial in values.map { partial + [AxisValue(name: name, value: $0)] } }
    }
    return combinations
  }
}

/// Axes in the order people read them: τ, α, then by name.
func axisOrder(_ first: String, _ second: String) -> Bool {
  func rank(_ name: String) -> Int { ["tau", "alpha"].firstIndex(of: name) ?? 2 }
  return (rank(first), first) < (rank(second), second)
}
