import Kernels
import ModelFiles

/// The lowest layers of a policy, none of which it trains: what a text looks like above them is computed once.
///
/// Two models have the same trunk when these layers and the embedding under them have the same bits; a clone has its original's.
public struct FrozenTrunk<Scalar: KernelScalar>: Sendable {
  /// How many layers.
  public let depth: Int
  /// Where hidden states are kept.
  public let cache: HiddenStateCache<Scalar>
  let identity: Int
  let configuration: LlamaConfiguration
  let engine: MatrixEngine
  let packs: LlamaPacks?
  /// The frozen layers' weights, shared with every policy that has this trunk. They are here so that no one else can stand in for them.
  let weights: LlamaWeights<Scalar>

  init(
    depth: Int, cache: HiddenStateCache<Scalar>, configuration: LlamaConfiguration, weights: LlamaWeights<Scalar>,
    engine: MatrixEngine, packs: LlamaPacks?
  ) {
    self.engine = engine
    self.packs = packs?.lowest(depth)
    self.depth = depth
    self.cache = cache
    self.configuration = configuration
    identity = cache.newIdentity()
    var own = weights
    own.layers.removeSubrange(depth...)
    own.finalNorm = []
    own.untiedHead = nil
    self.weights = own
  }
}

extension BackwardPlan {
  /// Lowest layers that nothing in them or under them is trained of.
  var frozenDepth: Int {
    trainable.contains(.embedding) ? 0 : depths.firstIndex { $0 > .none } ?? depths.count
  }
}

extension LlamaPolicy {
  /// Layers at the bottom that have the same bits in another model of the same sizes, the embedding too; 0 when that differs.
  public borrowing func equalLayers(_ other: borrowing LlamaPolicy) -> Int {
    weights.equalLayers(other.weights, configuration == other.configuration)
  }

  /// A trunk of this model's lowest layers for other models with the same ones.
  ///
  /// - Parameter depth: layers, at least one and none that this policy trains.
  public borrowing func makeTrunk(depth: Int, cache: HiddenStateCache<Scalar>) -> FrozenTrunk<Scalar> {
    precondition(depth > 0 && depth <= plan.frozenDepth, "\(depth) frozen layers of \(plan.frozenDepth)")
    return FrozenTrunk(
      depth: depth, cache: cache, configuration: configuration, weights: weights, engine: engine, packs: packs)
  }

  /// Runs the layers apart from the others that a policy with these tensors to train would not train, as that policy does.
  ///
  /// - Throws: ``UserError`` (64) when a fragment of a name matches no tensor.
  public mutating func adoptOwnTrunk(below trainable: [String], cache: HiddenStateCache<Scalar>) throws {
    let tensors = try LlamaTensor.selected(by: trainable, of: configuration)
    let depth = BackwardPlan(trainable: tensors, layerCount: configuration.layerCount).frozenDepth
    if depth > 0 { adopt(makeTrunk(depth: depth, cache: cache)) }
  }

  /// Takes another model's trunk for its own when it has the same layers and forms products alike, and their memory with it.
  ///
  /// Scores may change by rounding: a trunk cuts its products as each text alone wants it.
  ///
  /// - Returns: whether it has them.
  @discardableResult
  public mutating func adopt(_ trunk: FrozenTrunk<Scalar>) -> Bool {
    guard trunk.engine == engine, trunk.depth <= plan.frozenDepth,
      weights.equalLayers(trunk.weights, configuration == trunk.configuration) == trunk.depth
    else { return false }
    weights.embedding = trunk.weights.embedding
    weights.layers.replaceSubrange(..<trunk.depth, with: trunk.weights.layers)
    if let packs = trunk.packs { self.packs?.share(packs) }
    self.trunk = trunk
    return true
  }
}

extension LlamaWeights {
  /// Layers at the bottom with the same bits, as far as both have layers.
  fileprivate func equalLayers(_ other: LlamaWeights, _ areAlike: Bool) -> Int {
    guard areAlike, haveSameBits(embedding, other.embedding) else { return 0 }
    return zip(layers, other.layers).prefix { $0.hasSameBits($1) }.count
  }
}

extension LlamaLayer {
  fileprivate func hasSameBits(_ other: LlamaLayer) -> Bool {
    LlamaTensor.LayerTensor.allCases.allSatisfy { part in
      let path: WritableKeyPath<LlamaLayer, [Scalar]> = part.path()
      return haveSameBits(self[keyPath: path], other[keyPath: path])
    }
  }
}
