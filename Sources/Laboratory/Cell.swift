import Basics
import Kernels
import Objectives
import Preferences
import Training

/// Everything that decides a run's numbers, with every default filled in. Its digest is the cell's identity.
public struct CellConfiguration: Codable, Hashable, Sendable {
  /// Raised when the meaning of a configuration changes, so that old records are not taken for new ones.
  public var version = 1
  public var world: SyntheticWorldSpec?
  /// SHA-256 of what the run reads: `model`, and each prepared set of comparisons (token ids, orders, flags).
  public var inputs: [String: String] = [:]
  public var policy: String
  public var trainable: [String]
  /// Of a language model's products; absent for float32.
  public var precision: Precision?
  public var training: TrainingConfiguration
  public var objective: String
  /// Every hyper-parameter of the objective under its canonical name.
  public var parameters: JSONValue
  public var order: PreferenceOrder
  /// Whether the helpfulness buffer is a second stream.
  public var buffer: Bool
  public var seed: Int
  /// Earlier stages in the order of training; absent when the arm trains once.
  public var stages: [StageConfiguration]?
  /// Of the last stage, whose objective, parameters and order stand above; see ``StageSpec``.
  public var flipped: Bool?
  public var from: String?
  public var scores: ScoreSource?
  public var auxiliary: AuxiliarySpec?
  /// What the merge calls the last stage.
  public var stageName: String?
  public var merge: MergeSpec?

  /// The first 16 hexadecimal digits of the SHA-256 of the canonical JSON.
  public func identity() throws -> String { String(SHA256.hex(of: try canonicalJSON(self)).prefix(16)) }

  /// Every stage in the order of training.
  public var allStages: [StageConfiguration] {
    (stages ?? []) + [
      StageConfiguration(
        name: stageName ?? ArmSpec.finalName, objective: objective, parameters: parameters, order: order,
        flipped: flipped, from: from, scores: scores, auxiliary: auxiliary)
    ]
  }

  /// Optimiser steps of all stages together.
  public var totalSteps: Int { training.steps * allStages.count }
}

/// One swept hyper-parameter at one of its values.
public struct AxisValue: Codable, Hashable, Sendable {
  public var name: String
  public var value: JSONValue

  /// The value as people write it.
  public var text: String { axisText(value) }
}

/// A cell with its place in an experiment.
public struct PlannedCell: Codable, Sendable {
  public var id: String
  public var arm: String
  /// The swept hyper-parameters, τ first.
  public var axes: [AxisValue]
  public var configuration: CellConfiguration
}

/// The cells of an experiment, in the order of its arms, axes and seeds; a cell that two arms share appears in both.
///
/// - Parameters:
///   - inputs: digests of the model and of each arm's comparisons, by arm name.
/// - Throws: ``UserError`` for an unknown objective or hyper-parameter.
public func plan(
  _ spec: ExperimentSpec, inputs: (ArmSpec) -> [String: String] = { _ in [:] }
) throws -> [PlannedCell] {
  var cells: [PlannedCell] = []
  for arm in spec.arms {
    let digests = inputs(arm)
    for variant in try arm.variants(axes: spec.axes, at: "\(spec.name), arm `\(arm.name)`") {
      let stages = try variant.stages.map { try StageConfiguration($0.spec, objective: $0.objective) }
      guard let last = stages.last else { preconditionFailure("an arm has at least one stage") }
      for seed in spec.seeds {
        var configuration = CellConfiguration(
          world: spec.world, inputs: digests, policy: spec.policy.kind.rawValue,
          trainable: spec.policy.kind == .tabular ? [] : spec.policy.trainable, training: spec.training,
          objective: last.objective, parameters: last.parameters, order: last.order, buffer: arm.buffer, seed: seed)
        configuration.precision = spec.policy.precision == .float32 ? nil : spec.policy.precision
        configuration.stages = stages.count > 1 ? Array(stages.dropLast()) : nil
        configuration.flipped = last.flipped
        configuration.from = last.from
        configuration.scores = last.scores
        configuration.auxiliary = last.auxiliary
        configuration.stageName = last.name == ArmSpec.finalName ? nil : last.name
        configuration.merge = variant.merge
        cells.append(
          PlannedCell(
            id: try configuration.identity(), arm: arm.name, axes: variant.axes, configuration: configuration))
      }
    }
  }
  return cells
}
