import Basics
import Foundation
import Language
import ModelFiles

/// What cells that have not run will cost, with where the numbers come from.
public struct SweepEstimate: Codable, Sendable {
  public var cells: Int
  /// Wall-clock seconds of all together, as a range.
  public var seconds: Range
  public var timeBasis: String
  /// Resident memory at the worst moment, bytes; nil when nothing is known.
  public var memory: Int?
  public var memoryBasis: String
  /// What the results folder grows to at most while it runs, bytes.
  public var disk: Int
  public var diskBasis: String

  public struct Range: Codable, Equatable, Sendable {
    public var low: Double
    public var high: Double
  }

  /// - Parameters:
  ///   - pending: the cells to run.
  ///   - sideBySide: how many run at the same time.
  ///   - workers: threads of a cell.
  public init(_ pending: [PlannedCell], plan: ExperimentPlan, folder: ResultsFolder, sideBySide: Int, workers: Int) {
    let past = PastCells(plan.cells, in: folder)
    let model = plan.spec.policy.kind == .llama ? ModelSizes(plan.spec.policy) : nil
    cells = pending.count
    let width = Double(max(1, min(sideBySide, pending.count)))
    if let time = remainingTime(pending, past: past, sideBySide: width) {
      seconds = time
      timeBasis = "from \(past.count) finished cells of this sweep"
    } else {
      let total = pending.reduce(0) { $0 + modelledSeconds($1.configuration, model, workers: workers) } / width
      seconds = Range(low: total / 3, high: total * 3)
      timeBasis =
        model == nil ? "from 0.3 µs a pair and step" : "from 6 operations a weight and token, 20 GFLOP/s a thread"
    }
    if let peak = past.peakMemory {
      memory = peak * (model == nil ? 1 : Int(width))
      memoryBasis = "the largest of the finished cells"
    } else {
      memory = model.map { $0.memory(plan.spec) * Int(width) } ?? 100 << 20
      memoryBasis = model == nil ? "a tabular sweep's usual" : "weights, optimiser and activations; see R-08"
    }
    let record = past.recordSize ?? 40_000
    disk = pending.count * record + (model.map { Int(width) * 12 * $0.trained } ?? 0)
    diskBasis = (past.recordSize == nil ? "40 kB" : "the mean size of the records so far") + " a cell"
    if model != nil { diskBasis += ", and a checkpoint of each cell that runs" }
  }

  /// The remaining time of a sweep that has begun, as a range; nil before the first cell is done.
  public static func remaining(
    _ pending: [PlannedCell], of cells: [PlannedCell], in folder: ResultsFolder, sideBySide: Int
  ) -> Range? {
    remainingTime(pending, past: PastCells(cells, in: folder), sideBySide: Double(max(1, sideBySide)))
  }
}

/// Each pending cell takes what those of its arm took, or else what any took: between the tenth and the ninetieth percentile, and
/// never less than the slowest possible of the last cell alone.
private func remainingTime(_ pending: [PlannedCell], past: PastCells, sideBySide: Double) -> SweepEstimate.Range? {
  if past.count == 0 { return nil }
  var (low, high, longest) = (0.0, 0.0, 0.0)
  for cell in pending {
    let range = past.range(cell.arm)
    low += range.low
    high += range.high
    longest = max(longest, range.high)
  }
  return SweepEstimate.Range(low: low / sideBySide, high: max(high / sideBySide, longest))
}

/// What the finished cells of a sweep cost. Of a large sweep, a sample of 200 is read.
private struct PastCells {
  private var seconds: [String: [Double]] = [:]
  private var ranges: [String: SweepEstimate.Range] = [:]
  private var all = SweepEstimate.Range(low: 0, high: 0)
  private(set) var count = 0
  private(set) var peakMemory: Int?
  private(set) var recordSize: Int?

  init(_ cells: [PlannedCell], in folder: ResultsFolder) {
    let done = uniqueCells(cells).filter { folder.state($0.id)?.status == .done }
    count = done.count
    let stride = max(1, done.count / 200)
    var sizes: [Int] = []
    for index in Swift.stride(from: 0, to: done.count, by: stride) {
      guard let data = FileManager.default.contents(atPath: folder.recordFile(done[index].id).path),
        let record = try? JSONDecoder().decode(Cost.self, from: data)
      else { continue }
      sizes.append(data.count)
      seconds[done[index].arm, default: []].append(record.provenance.seconds)
      peakMemory = [peakMemory, record.provenance.peakMemory].compactMap(\.self).max()
    }
    if !sizes.isEmpty { recordSize = sizes.reduce(0, +) / sizes.count }
    ranges = seconds.mapValues(percentiles)
    all = percentiles(seconds.values.flatMap(\.self))
  }

  func range(_ arm: String) -> SweepEstimate.Range { ranges[arm] ?? all }
}

/// What of a record tells its cost.
private struct Cost: Decodable {
  struct Origin: Decodable {
    var seconds: Double
    var peakMemory: Int?
  }
  var provenance: Origin
}

private func percentiles(_ values: [Double]) -> SweepEstimate.Range {
  let sorted = values.sorted()
  if sorted.isEmpty { return SweepEstimate.Range(low: 0, high: 0) }
  return SweepEstimate.Range(low: quantile(0.1, ofSorted: sorted), high: quantile(0.9, ofSorted: sorted))
}

// MARK: Without finished cells

private func modelledSeconds(_ cell: CellConfiguration, _ model: ModelSizes?, workers: Int) -> Double {
  let pairs = Double(cell.totalSteps * cell.training.batchSize)
  guard let model else { return 0.3e-6 * pairs }
  return pairs * 2 * model.tokens * 6 * Double(model.parameters) / (20e9 * Double(workers))
}

/// Sizes of a language model that are known from its header.
private struct ModelSizes {
  let configuration: LlamaConfiguration
  let parameters: Int
  let trained: Int
  /// Tokens of a prompt with its response, at half of what is allowed.
  let tokens: Double

  init?(_ policy: PolicySpec) {
    guard let package = try? ModelPackage(ModelLocation.standard().find(policy.model)),
      let configuration = try? package.source().configuration
    else { return nil }
    self.configuration = configuration
    func weights(_ tensors: [(name: String, shape: [Int])]) -> Int {
      tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
    let tensors = configuration.tensors.map { (name: $0.name, shape: $0.shape) }
    parameters = weights(tensors)
    trained = weights(
      tensors.filter { tensor in policy.trainable.contains { $0 == "all" || tensor.name.contains($0) } })
    tokens = Double(policy.maxTokens) / 2
  }

  /// The weights with their packed forms, for what is trained a copy, a gradient and two moments, and what a forward pass keeps:
  /// of a micro-batch, or of as many rows as the policy takes at once.
  func memory(_ spec: ExperimentSpec) -> Int {
    let training = spec.training
    let pairs = training.microBatchSize == 0 ? training.batchSize : training.microBatchSize
    let most = max(512, 2 * spec.policy.maxTokens)
    let rows = training.microBatchSize == 0 ? min(pairs * spec.policy.maxTokens, most) : pairs * spec.policy.maxTokens
    let packed = spec.policy.precision == .bfloat16 ? parameters : 2 * parameters
    let sizes = configuration
    let kept = rows * sizes.layerCount * (8 * sizes.hiddenSize + 3 * sizes.feedForwardSize)
    return 4 * (parameters + packed + 4 * trained + kept) + (100 << 20)
  }
}
