import Basics

/// Which preference data an experiment uses, and what it leaves out: the `data` part of a specification.
///
///     {files: ["hh_dual_labelled.jsonl"], flags: "hh-subset", sources: ["harmless"], requires: ["better", "safer", "flags"],
///      split: {seed: 1, fractions: {train: 0.8, test: 0.2}}}
///
/// Only `files` is needed: a name, a list of names, or of ``FileSpec`` where files differ in format or order. A misspelt key is an
/// error.
public struct DataSpec: Specification, Hashable {
  public var files: [FileSpec]
  /// The format of files that do not name theirs; detected when nil.
  public var format: DataFormat?
  /// By which order `chosen` beats `rejected`; needed by, and only by, formats with these fields.
  public var order: CarriedOrder?
  /// Supplies missing safety flags.
  public var flags: FlagRule
  /// Sources to keep; empty keeps all.
  public var sources: [String]
  /// Labels without which a pair is dropped.
  public var requires: [RequiredLabel]
  public var ties: TieRule
  /// Whether a pair that came before is dropped.
  public var dropDuplicates: Bool
  /// Tokens of prompt and response together, and of the prompt alone; longer pairs are dropped where text becomes tokens.
  public var maxTokens: Int?
  public var maxPromptTokens: Int?
  /// At most this many rows in each part, chosen by hash as the split is.
  public var maxRows: Int?
  public var split: SplitSpec?

  public init(
    files: [FileSpec], format: DataFormat? = nil, order: CarriedOrder? = nil, flags: FlagRule = .none,
    sources: [String] = [], requires: [RequiredLabel] = [], ties: TieRule = .drop, dropDuplicates: Bool = false,
    maxTokens: Int? = nil, maxPromptTokens: Int? = nil, maxRows: Int? = nil, split: SplitSpec? = nil
  ) {
    self.files = files
    self.format = format
    self.order = order
    self.flags = flags
    self.sources = sources
    self.requires = requires
    self.ties = ties
    self.dropDuplicates = dropDuplicates
    self.maxTokens = maxTokens
    self.maxPromptTokens = maxPromptTokens
    self.maxRows = maxRows
    self.split = split
  }

  public var tokenLimits: TokenLimits { TokenLimits(maxTokens: maxTokens, maxPromptTokens: maxPromptTokens) }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case files, format, order, flags, sources, requires, ties, dropDuplicates, maxTokens, maxPromptTokens, maxRows,
      split
  }

  public static let keys = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let one = try? container.decode(String.self, forKey: .files) {
      files = [FileSpec(name: one)]
    } else {
      files = try container.decode([FileSpec].self, forKey: .files)
    }
    format = try container.decodeName(DataFormat.self, forKey: .format)
    order = try container.decodeName(CarriedOrder.self, forKey: .order)
    flags = try container.decodeName(FlagRule.self, forKey: .flags) ?? .none
    sources = try container.decodeIfPresent([String].self, forKey: .sources) ?? []
    requires = try container.decodeNames(RequiredLabel.self, forKey: .requires) ?? []
    ties = try container.decodeName(TieRule.self, forKey: .ties) ?? .drop
    dropDuplicates = try container.decodeIfPresent(Bool.self, forKey: .dropDuplicates) ?? false
    maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens)
    maxPromptTokens = try container.decodeIfPresent(Int.self, forKey: .maxPromptTokens)
    maxRows = try container.decodeIfPresent(Int.self, forKey: .maxRows)
    split = try container.decodeIfPresent(SplitSpec.self, forKey: .split)
  }
}

/// One data file: its name, looked up by ``DataSearchPath``, and what holds for this file only.
///
///     {name: "hh_harmless_base_test.jsonl.gz", order: "safety", source: "harmless"}
public struct FileSpec: Specification, Hashable, ExpressibleByStringLiteral {
  public var name: String
  public var format: DataFormat?
  public var order: CarriedOrder?
  /// The source of rows that do not name theirs.
  public var source: String?

  public init(name: String, format: DataFormat? = nil, order: CarriedOrder? = nil, source: String? = nil) {
    self.name = name
    self.format = format
    self.order = order
    self.source = source
  }

  public init(stringLiteral name: String) { self.init(name: name) }

  private enum CodingKeys: String, CodingKey, CaseIterable { case name, format, order, source }

  public static let keys = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      self.init(name: name)
      return
    }
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      format: try container.decodeName(DataFormat.self, forKey: .format),
      order: try container.decodeName(CarriedOrder.self, forKey: .order),
      source: try container.decodeIfPresent(String.self, forKey: .source))
  }
}

/// How data is split, as a specification writes it; see ``PromptSplit``.
public struct SplitSpec: Specification, Hashable {
  public var seed: Int
  /// The share of each part by name, such as `{train: 0.8, test: 0.2}`.
  public var fractions: [String: Double]
  public var by: PromptSplit.Unit

  public init(seed: Int = 0, fractions: [String: Double], by: PromptSplit.Unit = .conversation) {
    self.seed = seed
    self.fractions = fractions
    self.by = by
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case seed, fractions, by }

  public static let keys = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    seed = try container.decodeIfPresent(Int.self, forKey: .seed) ?? 0
    fractions = try container.decode([String: Double].self, forKey: .fractions)
    by = try container.decodeName(PromptSplit.Unit.self, forKey: .by) ?? .conversation
  }
}
