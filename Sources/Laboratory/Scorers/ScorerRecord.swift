import Basics
import Kernels
import Objectives
import Preferences
import Training

/// What `score.json` says of a saved reward or cost model.
public struct ScorerRecord: Codable, Sendable {
  /// Of the file's layout.
  public static let currentSchema = 1

  public var schema = currentSchema
  public var kind: ScoreKind
  /// How the sign is to be read, for people.
  public var sign: String
  public var normaliser: ScoreNormaliser
  /// Digest of the model that training started from.
  public var baseModel: String
  /// The data files as they were asked for, with digests of their bytes.
  public var data: [DataReport.File]
  public var flagRule: FlagRule
  public var split: SplitSpec
  /// Whether it was trained on the part that the split holds out; see ``ScorerSpec/complement``.
  public var complement: Bool?
  /// Pairs trained on and held out.
  public var trainPairs: Int
  public var heldOutPairs: Int
  /// What became of every row that is neither.
  public var remark: String
  public var trainable: [String]
  /// Of the products with weights in training; absent for float32.
  public var precision: Precision?
  public var maxTokens: Int
  public var training: TrainingConfiguration
  public var options: ScoreTrainingOptions
  public var seed: Int
  public var evaluation: ScorerEvaluation
  public var curve: [ScorePoint]
  public var tool = "bfpo \(toolVersion)"

  static func sign(of kind: ScoreKind) -> String {
    switch kind {
    case .reward: "higher is more helpful; the zero means nothing"
    case .cost: "above 0 is unsafe, lower is safer"
    }
  }
}
