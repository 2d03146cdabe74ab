import Basics
import Kernels
import ModelFiles

/// A Llama-family decoder: token embedding, layers of RMSNorm, rotary grouped-query attention and SwiGLU, RMSNorm, output head.
///
///     h = x + O · attention(norm(x)),   x′ = h + D · (silu(G norm(h)) ∘ U norm(h))
///
/// Scoring and its gradient give the same bits for any number of workers. A batch has no padding, adjacent queries with the same
/// prompt run it once, and logits exist for blocks of the vocabulary at response positions only.
///
/// Source: Touvron et al. 2023, arXiv 2302.13971.
public struct LlamaPolicy<Scalar: KernelScalar>: Policy, Sendable, ~Copyable {
  public let configuration: LlamaConfiguration
  /// What computes the products with weights; always OpenBLAS in double precision.
  public let engine: MatrixEngine
  /// Threads to use; does not change any result.
  public var workers: Int
  var weights: LlamaWeights<Scalar>
  var packs: LlamaPacks?
  let trainable: [LlamaTensor]
  let plan: BackwardPlan
  /// Layers whose result is looked up; nil when the lowest is trained or nothing is looked up.
  public internal(set) var trunk: FrozenTrunk<Scalar>?
  private let rotaryTables: RotaryTables<Scalar>

  /// Names of the trainable tensors, in the order of ``zeroGradient()``.
  public var trainableNames: [String] { trainable.map(\.name) }

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - trainable: fragments of the names of the tensors to train, or `all`; BFPO trains `down_proj`.
  ///   - precision: of the operands of the products with weights; see ``Precision``.
  ///   - engine: what computes them; that of the precision on this machine when nil.
  ///   - workers: threads; the processors' number when nil.
  ///   - hiddenStates: keeps what texts look like above the layers that nothing trains, for the policy and its clones; with nil, all
  ///     layers run every time, whole batches at once, and scores differ by rounding.
  /// - Throws: ``UserError`` when a tensor is missing or a fragment matches no tensor.
  public init(
    loading source: any TensorSource, trainable: [String] = ["down_proj"], precision: Precision = .float32,
    engine: MatrixEngine? = nil, workers: Int? = nil, hiddenStates: HiddenStateCache<Scalar>? = HiddenStateCache()
  ) throws {
    let selected = try LlamaTensor.selected(by: trainable, of: source.configuration)
    self.init(
      configuration: source.configuration, weights: try LlamaWeights(loading: source), trainable: selected,
      engine: engine ?? MatrixEngine.chosen(for: precision), workers: workers ?? processorCount(),
      hiddenStates: hiddenStates)
    packs?.useBlocks(of: source, configuration)
  }

  /// The same model in another precision.
  public init<Other: KernelScalar>(converting other: borrowing LlamaPolicy<Other>) {
    self.init(
      configuration: other.configuration, weights: LlamaWeights(converting: other.weights),
      trainable: other.trainable, engine: .chosen(for: .float32), workers: other.workers,
      hiddenStates: other.trunk.map { HiddenStateCache(byteLimit: $0.cache.byteLimit) })
  }

  private init(
    configuration: LlamaConfiguration, weights: LlamaWeights<Scalar>, trainable: [LlamaTensor], engine: MatrixEngine,
    workers: Int, hiddenStates: HiddenStateCache<Scalar>?
  ) {
    self.configuration = configuration
    self.weights = weights
    self.trainable = trainable
    self.workers = workers
    self.engine = Scalar.self == Float.self ? engine : .openBLAS
    packs = LlamaPacks(engine: self.engine, configuration)
    plan = BackwardPlan(trainable: trainable, layerCount: configuration.layerCount)
    rotaryTables = RotaryTables(configuration)
    if let hiddenStates, plan.frozenDepth > 0 { trunk = makeTrunk(depth: plan.frozenDepth, cache: hiddenStates) }
  }

  private init(copying other: borrowing LlamaPolicy) {
    configuration = other.configuration
    weights = other.weights
    packs = other.packs
    engine = other.engine
    trainable = other.trainable
    workers = other.workers
    plan = other.plan
    trunk = other.trunk
    rotaryTables = other.rotaryTables
  }

  public borrowing func clone() -> LlamaPolicy { LlamaPolicy(copying: self) }

  public borrowing func tokenCount(_ query: TokenQuery) -> Int { query.response.count }

  public borrowing func zeroGradient() -> TensorSet<Scalar> {
    TensorSet(names: trainable.map(\.name), shapes: trainable.map { $0.shape(configuration) })
  }

  /// Angles of at least as many positions.
  borrowing func rotaryTable(positions: Int) -> RotaryTable<Scalar> { rotaryTables.table(positions: positions) }

  public mutating func updateTrainable(_ update: (_ index: Int, _ tensor: inout [Scalar]) -> Void) {
    for (index, tensor) in trainable.enumerated() {
      update(index, &weights[tensor])
      packs?.invalidate(tensor)
    }
  }

  /// Calls `visit` with the name, shape and elements of every tensor, in the order of Hugging Face's state dictionary.
  public borrowing func forEachTensor(_ visit: (_ name: String, _ shape: [Int], _ values: [Scalar]) throws -> Void)
    rethrows
  {
    for tensor in LlamaTensor.all(configuration) {
      try visit(tensor.name, tensor.shape(configuration), weights[tensor])
    }
  }
}
