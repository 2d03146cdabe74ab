import Basics

/// One stream of a mixture: some data and how many of its pairs every step takes.
public struct StreamSpec: Specification, Hashable {
  /// Such as `safety` or `buffer`.
  public var name: String
  public var data: DataSpec
  /// The part of the data's split to draw from; `all` without a split.
  public var part: String
  public var batchSize: Int

  public init(name: String, data: DataSpec, part: String = "all", batchSize: Int) {
    self.name = name
    self.data = data
    self.part = part
    self.batchSize = batchSize
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case name, data, part, batchSize }

  public static let keys = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    data = try container.decode(DataSpec.self, forKey: .data)
    part = try container.decodeIfPresent(String.self, forKey: .part) ?? (data.split == nil ? "all" : "train")
    batchSize = try container.decode(Int.self, forKey: .batchSize)
  }
}

/// Data drawn from several streams at once, as BFPO trains on a safety set and a helpfulness buffer.
///
///     loss(step) = Σ over streams of mean over that stream's batch
///
/// The first stream sets the length of an epoch; the others start again when they are exhausted. BFPO's mixture is
///
///     {streams: [{name: "safety", data: {files: ["pku.jsonl"]}, batchSize: 4},
///                {name: "buffer", data: {files: ["ultrafeedback.jsonl"], order: "helpfulness", flags: "both-safe"}, batchSize: 4}]}
///
/// Source: Zhang, Torr, Elhoseiny, Bibi 2025 (arXiv 2408.15313), Algorithm 1: a sum of two means, without a weight.
public struct MixtureSpec: Specification, Hashable {
  public var streams: [StreamSpec]
  public var mode: BatchMode

  public init(streams: [StreamSpec], mode: BatchMode = .epochs) {
    self.streams = streams
    self.mode = mode
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case streams, mode }

  public static let keys = CodingKeys.allCases.map(\.rawValue)

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    streams = try container.decode([StreamSpec].self, forKey: .streams)
    mode = try container.decodeName(BatchMode.self, forKey: .mode) ?? .epochs
    if let complaint {
      throw UserError("the mixture is not usable", at: "`streams`", because: complaint, exitCode: .badData)
    }
  }

  /// What is wrong with the mixture, or nil.
  public var complaint: String? {
    if streams.isEmpty { return "it has no stream" }
    if let stream = streams.first(where: { $0.batchSize < 1 }) {
      return "the batch size of `\(stream.name)` is \(stream.batchSize), it must be at least 1"
    }
    let names = Set(streams.map(\.name))
    return names.count < streams.count ? "two streams have the same name" : nil
  }

  /// The plan of batches for streams with these numbers of usable pairs, in the order of `streams`.
  ///
  /// - Throws: ``UserError`` (65) when a stream has no pair.
  public func plan(counts: [Int], seed: SeedTree) throws -> BatchPlan {
    precondition(counts.count == streams.count, "\(counts.count) counts for \(streams.count) streams")
    let samplers = try zip(streams, counts).map { stream, count in
      if count == 0 {
        throw UserError(
          "the stream `\(stream.name)` has no usable pair", at: stream.data.files.map(\.name).joined(separator: ", "),
          advice: "run `bfpo data check` on its files", exitCode: .badData)
      }
      return BatchSampler(count: count, batchSize: stream.batchSize, mode: mode, seed: seed.child(stream.name))
    }
    return BatchPlan(samplers: samplers)
  }
}

/// Which rows of which stream every step takes.
public struct BatchPlan: Sendable {
  public let samplers: [BatchSampler]

  public init(samplers: [BatchSampler]) {
    precondition(!samplers.isEmpty, "a plan needs at least one stream")
    self.samplers = samplers
  }

  /// The row numbers of each stream's batch [streams][batch size] at a step, counted from 0.
  public func indices(step: Int) -> [[Int]] { samplers.map { $0.indices(step: step) } }

  /// Steps in which the first stream completes `epochs` passes.
  public func steps(forEpochs epochs: Int) -> Int { samplers[0].steps(forEpochs: epochs) }
}
