import Basics
import Kernels
import Policies
import TestSupport
import Testing

private let engines = MatrixEngine.allCases.filter(\.isSupported)

@Suite("Llama policies by engine")
struct LlamaEngineTests {
  let queries = mixedQueries()
  let cotangent = [0.7, -1.1, 0.4, 0.9, -0.6, 0.05]

  func gradient<Scalar: KernelScalar>(_ policy: borrowing LlamaPolicy<Scalar>) -> TensorSet<Scalar> {
    var tape = policy.makeTape()
    _ = policy.score(queries, tape: &tape)
    var gradient = policy.zeroGradient()
    policy.pullback(cotangent, tape: &tape, into: &gradient)
    return gradient
  }

  /// |a − b| / |b|, over all elements.
  func distance(_ a: [Float], _ b: [Double]) -> Double {
    let difference = zip(a, b).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: engines, [true, false])
  func `log-probabilities and every tensor's gradient agree with double precision`(_ engine: MatrixEngine, tied: Bool)
    throws
  {
    let model = RandomModel.small(tied: tied, vocabulary: 3000)
    let exact = try LlamaPolicy<Double>(loading: model, trainable: ["all"])
    let policy = try LlamaPolicy<Float>(loading: model, trainable: ["all"], engine: engine)
    #expect(policy.engine == engine)
    let isHalf = engine.precision == .bfloat16
    // Random weights make logits larger, and so errors of bfloat16, than a trained model's.
    let errors = zip(
      policy.tokenLogProbabilities(queries).joined(), exact.tokenLogProbabilities(queries).joined()
    ).map { abs($0 - $1) }
    #expect(mean(errors) < (isHalf ? 0.06 : 1e-5) && errors.max()! < (isHalf ? 0.3 : 5e-5), "\(engine): \(errors)")
    let (ours, reference) = (gradient(policy), gradient(exact))
    for index in ours.names.indices {
      let error = distance(ours.values[index], reference.values[index])
      #expect(error < (isHalf ? 0.06 : 5e-5), "\(engine) \(ours.names[index]): \(error)")
    }
  }

  @Test(arguments: engines)
  func `a trained tensor is packed again, for the policy and not for its clone`(_ engine: MatrixEngine) throws {
    let model = RandomModel.small(tied: true, vocabulary: 300)
    var policy = try LlamaPolicy<Float>(loading: model, trainable: ["all"], engine: engine)
    let before = gradient(policy)
    let clone = policy.clone()
    func train(_ policy: inout LlamaPolicy<Float>) {
      policy.updateTrainable { _, values in for i in values.indices { values[i] *= 1.25 } }
    }
    train(&policy)
    // A policy that trained before anything was packed.
    var fresh = try LlamaPolicy<Float>(loading: model, trainable: ["all"], engine: engine)
    train(&fresh)
    #expect(policy.score(queries) == fresh.score(queries))
    #expect(gradient(policy) == gradient(fresh))
    #expect(gradient(policy) != before)
    #expect(gradient(clone) == before)
    train(&policy)
    train(&fresh)
    #expect(gradient(policy) == gradient(fresh))
  }

  @Test(arguments: engines)
  func `the number of workers changes nothing`(_ engine: MatrixEngine) throws {
    let model = RandomModel.small(tied: true, vocabulary: 3000)
    let one = try LlamaPolicy<Float>(loading: model, trainable: ["all"], engine: engine, workers: 1)
    let two = try LlamaPolicy<Float>(loading: model, trainable: ["all"], engine: engine, workers: 2)
    #expect(one.score(queries) == two.score(queries))
    #expect(gradient(one) == gradient(two))
  }

  @Test(arguments: engines.filter { $0 != .openBLAS })
  func `a response's score does not depend on what else is in the batch`(_ engine: MatrixEngine) throws {
    let policy = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true), engine: engine)
    #expect(policy.tokenLogProbabilities(queries) == queries.flatMap { policy.tokenLogProbabilities([$0]) })
  }
}
