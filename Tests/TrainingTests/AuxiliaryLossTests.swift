import Basics
import ModelFiles
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// An auxiliary loss on a random two-layer model: the tokens of a response tell its level.
@Suite struct AuxiliaryLossTests {
  @Test func `a weight of zero leaves the policy and the rest of the curve as they are without an auxiliary loss`()
    throws
  {
    let without = try train(nil)
    let probe = try train(spec(weight: 0))
    #expect(probe.tensors == without.tensors)
    let stripped = probe.curve.points.map { point in
      var point = point
      #expect(point.auxiliaryLoss != nil && point.auxiliaryAccuracy != nil)
      (point.auxiliaryLoss, point.auxiliaryAccuracy) = (nil, nil)
      return point
    }
    #expect(stripped == without.curve.points)
  }

  @Test func `a head of zeros costs log K for each response, and does not move the policy`() throws {
    let first = try #require(try train(spec(weight: 5), steps: 1).curve.points.first)
    #expect(abs((first.auxiliaryLoss ?? .nan) - 2 * naturalLogarithm(3)) < 1e-12)
    #expect(abs((first.auxiliaryAccuracy ?? .nan) - 1 / 3) < 1e-12)
    #expect(try train(spec(weight: 5), steps: 1).tensors == train(nil, steps: 1).tensors)
  }

  /// Three classes, so chance is one third.
  @Test func `the head learns to tell the levels, with the policy's help better than alone`() throws {
    let probe = try #require(try train(spec(weight: 0)).curve.points.last)
    let joint = try #require(try train(spec(weight: 5)).curve.points.last)
    #expect((probe.auxiliaryAccuracy ?? 0) > 0.6, "\(probe)")
    #expect((joint.auxiliaryAccuracy ?? 0) > 0.6, "\(joint)")
    #expect((joint.auxiliaryLoss ?? .nan) < (probe.auxiliaryLoss ?? .nan), "\(joint), \(probe)")
  }

  @Test func `a run is a function of its seed, and micro-batches change rounding only`() throws {
    let one = try train(spec(weight: 1), steps: 12)
    let two = try train(spec(weight: 1), steps: 12)
    #expect(one.tensors == two.tensors && one.curve == two.curve)
    let three = try train(spec(weight: 1), steps: 12, microBatchSize: 1)
    for (a, b) in zip(one.tensors.joined(), three.tensors.joined()) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func `a loss that is not finite stops the run and is named`() throws {
    var spec = spec(weight: 1)
    spec.headLearningRate = 1e308
    let error = #expect(throws: UserError.self) { try train(spec) }
    #expect(error?.exitCode == .numericalFailure && error?.location?.contains("stream `pairs`") == true)
  }

  // MARK: Support

  private func spec(weight: Double) -> AuxiliarySpec {
    var spec = AuxiliarySpec()
    (spec.weight, spec.levels, spec.headLearningRate) = (weight, 3, 0.05)
    return spec
  }

  private func train(
    _ auxiliary: AuxiliarySpec?, steps: Int = 120, microBatchSize: Int = 0
  ) throws -> (tensors: [[Double]], curve: TrainingCurve) {
    var policy = try LlamaPolicy<Double>(loading: TinyModel(), workers: 1)
    var configuration = TrainingConfiguration()
    configuration.steps = steps
    configuration.batchSize = 12
    configuration.sampling = .epochs
    configuration.microBatchSize = microBatchSize
    configuration.learningRate = 1e-3
    let curve = try trainOffline(
      &policy, streams: [stream(scoredBy: policy)], objective: DPO(), configuration: configuration, seed: SeedTree(5),
      stepZeroTolerance: 1e-9,
      auxiliary: auxiliary.map {
        AuxiliaryLoss($0, configuration: configuration, featureCount: policy.featureCount)
      })
    var tensors: [[Double]] = []
    policy.updateTrainable { _, tensor in tensors.append(tensor) }
    return (tensors, curve)
  }

  /// Level k of a response has lost 3k of its six keywords, token 8; 1 ends it.
  private func stream(scoredBy policy: borrowing LlamaPolicy<Double>) -> PairStream<TokenQuery> {
    var random = SeedTree(2).generator()
    let pairs = (0..<12).map { _ in
      let prompt = (0..<3).map { _ in Int32(2 + random.below(6)) }
      let responses = (0..<2).map { _ in (0..<4).map { _ in Int32(2 + random.below(6)) } }
      return responses.map { words in
        (0..<3).map { level in
          let keywords = [Int32](repeating: 8, count: 6 - 3 * level)
          return GradedQuery(level: level, query: TokenQuery(prompt: prompt, response: words + keywords + [1]))
        }
      }
    }
    let queries = pairs.flatMap { $0.map { $0[0].query } }
    let oriented = stride(from: 0, to: queries.count, by: 2).map {
      Comparison(first: queries[$0], second: queries[$0 + 1], promptID: "\($0)")
    }
    return PairStream(
      name: "pairs",
      pairs: preparePairs(oriented, reference: policy.score(queries), tokenCount: { policy.tokenCount($0) }),
      graded: Dictionary(
        uniqueKeysWithValues: pairs.enumerated().map { ($0, GradedPair(chosen: $1[0], rejected: $1[1])) }))
  }
}

private struct TinyModel: TensorSource {
  let configuration = LlamaConfiguration(
    vocabularySize: 12, hiddenSize: 8, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 4,
    feedForwardSize: 12, rmsNormEpsilon: 1e-5, ropeBase: 10_000, contextLength: 32, tiedEmbeddings: true)

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    var stream = SeedTree(9).child(name).generator()
    return (0..<shape.reduce(1, *)).map { _ in Float((shape.count == 1 ? 1 : 0) + 0.4 * stream.normal()) }
  }
}
