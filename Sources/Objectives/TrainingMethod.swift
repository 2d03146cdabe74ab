import Basics

/// What every way of training a policy has in common: hyper-parameters, a card, documented defaults.
///
/// An ``Objective`` learns from labelled pairs, a ``RolloutObjective`` from the policy's own responses. Stored properties are the
/// hyper-parameters.
public protocol TrainingMethod: Codable, Hashable, Sendable {
  static var card: ObjectiveCard { get }

  /// The documented defaults.
  init()

  /// What is wrong with the hyper-parameters, or nil.
  var complaint: String? { get }

  /// Hyper-parameters that the method got after runs of it had been recorded. A record leaves one out that has its default, so that
  /// a configuration keeps its identity.
  static var laterParameters: Set<String> { get }
}

extension TrainingMethod {
  public static var laterParameters: Set<String> { [] }

  /// Every hyper-parameter under its canonical name as a record has it: without ``laterParameters`` at their defaults.
  public func recordedParameters() throws -> JSONValue {
    guard case .object(var members) = try JSONValue(encoding: self) else {
      preconditionFailure("the hyper-parameters of \(Self.self) do not encode as an object")
    }
    let defaults = try JSONValue(encoding: Self())
    for name in Self.laterParameters where members[name] == defaults[name] { members[name] = nil }
    return .object(members)
  }
}
