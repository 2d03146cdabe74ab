import Basics
import Objectives

/// An arm at one combination of its axes: everything that is trained, and how the result is put together.
struct ArmVariant {
  var axes: [AxisValue]
  var stages: [(spec: StageSpec, objective: any TrainingMethod)]
  var merge: MergeSpec?
}

extension ArmSpec {
  /// Every combination of the arm's axes: the experiment's axes that a stage of it has, replaced by its own sweep.
  ///
  /// - Returns: in the order of the axes' canonical names with `tau` first; one variant without axes when nothing is swept.
  /// - Throws: ``UserError`` for an unknown objective or hyper-parameter, or a value out of range.
  func variants(axes: [String: [JSONValue]], at location: String) throws -> [ArmVariant] {
    let stages = try allStages(at: location)
    let merge = try checkedMerge(stages, at: location)
    let entries = try stages.map { try catalogueEntry($0.objective, at: location) }
    let table = AxisTable(stages: zip(stages, entries).map { ($0, $1) }, merge: merge)
    var merged: [String: (targets: [AxisTarget], values: [JSONValue])] = [:]
    for (name, values) in axes {
      if let axis = table.axis(name, evenIfFixed: false) { merged[axis.name] = (axis.targets, values) }
    }
    for (name, values) in sweep {
      guard let axis = table.axis(name, evenIfFixed: true) else {
        throw UserError(
          "unknown hyper-parameter `\(name)` of \(stages.map(\.objective).joined(separator: ", "))",
          at: "\(location), sweep", advice: suggestion(for: name, among: table.names), exitCode: .badData)
      }
      guard !values.isEmpty else {
        throw UserError("the axis `\(name)` has no values", at: "\(location), sweep", exitCode: .badData)
      }
      merged[axis.name] = (axis.targets, values)
    }
    dropOverridden(&merged)
    var combinations: [[AxisValue]] = [[]]
    for name in merged.keys.sorted(by: axisOrder) {
      let values = merged[name]?.values ?? []
      combinations = combinations.flatMap { partial in values.map { partial + [AxisValue(name: name, value: $0)] } }
    }
    return try combinations.map { combination in
      var settings = zip(stages, entries).map { stage, entry in
        stage.settings.reduce(into: [String: JSONValue]()) { $0[entry.canonicalName($1.key) ?? $1.key] = $1.value }
      }
      var variant = ArmVariant(axes: combination, stages: [], merge: merge)
      for axis in combination {
        for target in merged[axis.name]?.targets ?? [] {
          switch target {
          case .stage(let index, let parameter): settings[index][parameter] = axis.value
          case .merge: try variant.setMerge(axis, at: location)
          }
        }
      }
      variant.stages = try stages.indices.map { index in
        try checkNames(stages[index].settings, entries[index], at: location)
        return (stages[index], try entries[index].makeMethod(settings[index], at: location))
      }
      return variant
    }
  }

  /// Takes from each axis what a stage's own axis (`stage.name`) sets, and drops axes that are left with nothing: their values would
  /// make the same cell several times.
  private func dropOverridden(_ axes: inout [String: (targets: [AxisTarget], values: [JSONValue])]) {
    let own = Set(axes.filter { $0.key.contains(".") }.values.flatMap(\.targets))
    for (name, axis) in axes where !name.contains(".") {
      let targets = axis.targets.filter { !own.contains($0) }
      axes[name] = targets.isEmpty ? nil : (targets, axis.values)
    }
  }

  /// Two names of one hyper-parameter are an error also where an axis replaces both.
  private func checkNames(_ settings: [String: JSONValue], _ entry: CatalogueEntry, at location: String) throws {
    _ = try entry.makeMethod(settings, at: location)
  }
}

extension ArmVariant {
  fileprivate mutating func setMerge(_ axis: AxisValue, at location: String) throws {
    guard var merge, let value = axis.value.number else {
      throw UserError("`\(axis.name)` must be a number", at: location, because: "got \(axis.text)", exitCode: .badData)
    }
    if merge.parameter == "share" { merge.share = value } else { merge.strength = value }
    self.merge = merge
  }
}

/// What an axis sets.
private enum AxisTarget: Hashable {
  case stage(Int, String)
  case merge
}

/// Finds what the name of an axis means in an arm.
private struct AxisTable {
  var stages: [(spec: StageSpec, entry: CatalogueEntry)]
  var merge: MergeSpec?

  /// The canonical name of an axis and everything it sets; nil when it sets nothing.
  ///
  /// - Parameter evenIfFixed: whether a stage's own setting gives way when no other stage has the hyper-parameter free.
  func axis(_ name: String, evenIfFixed: Bool) -> (name: String, targets: [AxisTarget])? {
    if let merge, name.lowercased() == merge.parameter { return (merge.parameter, [.merge]) }
    if let dot = name.firstIndex(of: "."), let index = stages.firstIndex(where: { $0.spec.name == name[..<dot] }) {
      guard let parameter = stages[index].entry.canonicalName(String(name[name.index(after: dot)...])) else {
        return nil
      }
      return ("\(stages[index].spec.name).\(parameter)", [.stage(index, parameter)])
    }
    // An experiment's axis reaches a hyper-parameter by its own name only (β is τ): an alias such as CPO's `alpha` means
    // something else to another objective.
    let isOwn =
      evenIfFixed
      ? { _ in true }
      : { (canonical: String) in
        canonical.lowercased() == name.lowercased() || (canonical == "tau" && name.lowercased() == "beta")
      }
    let having = stages.enumerated().compactMap { index, stage in
      stage.entry.canonicalName(name).flatMap { isOwn($0) ? (index, $0) : nil }
    }
    let free = having.filter { index, parameter in
      !stages[index].spec.settings.keys.contains { stages[index].entry.canonicalName($0) == parameter }
    }
    let chosen = free.isEmpty && evenIfFixed ? having : free
    return chosen.first.map { first in (first.1, chosen.map { .stage($0, $1) }) }
  }

  /// Every name that an axis may have.
  var names: [String] {
    let parameters = stages.flatMap { stage in Array(stage.entry.parameters.keys) }
    return Array(Set(parameters + [merge?.parameter].compactMap(\.self)))
  }
}

/// Axes in the order people read them: τ, α, then by name.
func axisOrder(_ first: String, _ second: String) -> Bool {
  func rank(_ name: String) -> Int { ["tau", "alpha"].firstIndex(of: name) ?? 2 }
  return (rank(first), first) < (rank(second), second)
}
