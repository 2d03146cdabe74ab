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
}
