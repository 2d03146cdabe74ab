import Basics
import Kernels
import Policies
import TestSupport
import Testing

@Suite struct ScoreModelTests {
  let queries = mixedQueries()

  private func model(trainable: [String] = ["all"]) throws -> ScoreModel<LlamaPolicy<Double>> {
    let base = try LlamaPolicy<Double>(loading: RandomModel.small(tied: false), trainable: trainable)
    var stream = SeedTree(31).generator()
    let weight = (0..<base.featureCount).map { _ in stream.normal() }
    return ScoreModel(base: base, head: ScoreHead(weight: weight, bias: 0.7))
  }

  private let cotangent = [0.5, -1, 2, 0.25, -0.75, 1]

  private func loss(_ model: borrowing ScoreModel<LlamaPolicy<Double>>) -> Double {
    zip(model.score(queries), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test func `a score is the head's product with the normalised residual stream at the last response token`() throws {
    let model = try model()
    let scores = model.score(queries)
    for (query, score) in zip(queries, scores) {
      let features = model.base.residualStream(of: query.prompt + query.response).last!.suffix(
        model.base.featureCount)
      let expected = zip(features, model.head.weight).reduce(0.7) { $0 + $1.0 * $1.1 }
      #expect(abs(score - expected) < 1e-12)
    }
    #expect(ScoreModel(base: model.base.clone()).score(queries) == [Double](repeating: 0, count: queries.count))
  }

  @Test func `a score does not depend on what else is in the batch`() throws {
    let model = try model()
    let together = model.score(queries, batchSize: 6)
    for size in [1, 2, 5] {
      for (a, b) in zip(model.score(queries, batchSize: size), together) { #expect(abs(a - b) < 1e-12) }
    }
  }

  @Test(arguments: [["all"], ["down_proj"], ["layers.1."]])
  func `the gradient of every tensor, of the head and of its bias agrees with finite differences`(
    trainable: [String]
  ) throws {
    var model = try model(trainable: trainable)
    var tape = model.makeTape()
    var gradient = model.zeroGradient()
    _ = model.score(queries, tape: &tape)
    model.pullback(cotangent, tape: &tape, into: &gradient)

    #expect(abs(gradient.head.bias - cotangent.reduce(0, +)) < 1e-12)
    for column in gradient.head.weight.indices {
      let start = model.head.weight[column]
      let numeric = centralDifference(at: start) { value in
        model.head.weight[column] = value
        return loss(model)
      }
      model.head.weight[column] = start
      #expect(relativeError(gradient.head.weight[column], numeric) < 1e-7)
    }
    for tensor in gradient.base.names.indices {
      var stream = SeedTree(12).child(gradient.base.names[tensor]).generator()
      let element = stream.below(gradient.base.values[tensor].count)
      let numeric = centralDifference(at: 0) { step in
        var moved = ScoreModel(base: model.base.clone(), head: model.head)
        moved.base.updateTrainable { index, values in if index == tensor { values[element] += step } }
        return loss(moved)
      }
      #expect(relativeError(gradient.base.values[tensor][element], numeric) < 1e-6, "\(gradient.base.names[tensor])")
    }
    let squares =
      gradient.base.values.joined().reduce(0) { $0 + $1 * $1 } + gradient.head.weight.reduce(0) { $0 + $1 * $1 }
      + gradient.head.bias * gradient.head.bias
    #expect(abs(gradient.globalNorm - squares.squareRoot()) < 1e-9 * gradient.globalNorm)
    gradient.setZero()
    #expect(gradient.globalNorm == 0)
  }
}
