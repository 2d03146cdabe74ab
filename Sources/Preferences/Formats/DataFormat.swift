import Basics

/// A published (or our own) way to write preference pairs as JSON.
public enum DataFormat: String, NamedChoice {
  /// Our own: `prompt`, `chosen`, `rejected` as in `trl`, with `chosen_safe`, `rejected_safe`, `better`, `safer`, `id`, `weight`,
  /// `source`; see ``CanonicalRow``.
  case canonical
  /// TRL's explicit-prompt form: `prompt`, `chosen`, `rejected`, each a string or a list of messages; message lists may also
  /// repeat the prompt instead of having the field.
  case trl
  /// UltraFeedback-binarized: as `trl`, with `score_chosen` and `score_rejected`, at the top or inside `metadata`.
  case ultrafeedback
  /// PKU-SafeRLHF: `prompt`, `response_0`, `response_1`, any of `better_response_id`, `safer_response_id` and
  /// `is_response_0_safe`, `is_response_1_safe`.
  case pkuSafeRLHF = "pku-saferlhf"
  /// HH-RLHF: `chosen` and `rejected` are whole transcripts, split at the last assistant turn.
  case hhRLHF = "hh-rlhf"
  /// HH-RLHF relabelled for both orders: the fields of `pku-saferlhf` with a transcript as `prompt`; `hh_subset` is the source.
  case hhDual = "hh-dual"

  /// Whether rows say only which response was chosen, so that a person has to say by which order.
  public var needsOrder: Bool {
    switch self {
    case .trl, .ultrafeedback, .hhRLHF: true
    case .canonical, .pkuSafeRLHF, .hhDual: false
    }
  }
}

/// By which order a file's `chosen` beats its `rejected`. A file does not say it, so a person has to.
public enum CarriedOrder: String, NamedChoice {
  case helpfulness
  case safety
  /// The chosen response is both the more helpful and the less harmful one.
  case both
}

/// What becomes of pairs whose two scores are equal, so that "chosen" is arbitrary.
public enum TieRule: String, NamedChoice { case drop, keep }

/// What a person has to say to have a file read.
public struct ReadOptions: Hashable, Sendable {
  /// Detected from the first rows when nil.
  public var format: DataFormat?
  /// Needed by formats with `chosen` and `rejected`, refused by those that name their orders.
  public var order: CarriedOrder?
  /// Whether a file with `chosen` and `rejected` may be read without naming its order; its pairs then have none. For looking at
  /// data, not for training.
  public var allowsUnnamedOrder: Bool
  public var ties: TieRule
  /// The source of rows that do not name theirs.
  public var source: String?
  public var limits: ReadLimits

  public init(
    format: DataFormat? = nil, order: CarriedOrder? = nil, allowsUnnamedOrder: Bool = false, ties: TieRule = .drop,
    source: String? = nil,
    limits: ReadLimits = ReadLimits()
  ) {
    self.format = format
    self.order = order
    self.allowsUnnamedOrder = allowsUnnamedOrder
    self.ties = ties
    self.source = source
    self.limits = limits
  }
}
