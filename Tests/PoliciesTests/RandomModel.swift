import Basics
import ModelFiles
import Policies

/// A model in memory whose weights are drawn from a seed; large enough weights that every part of it matters.
struct RandomModel: TensorSource {
  var configuration: LlamaConfiguration
  var seed = SeedTree(7)

  /// A small decoder with grouped queries and sizes that divide nothing evenly.
  static func small(tied: Bool, vocabulary: Int = 61, layers: Int = 2) -> RandomModel {
    RandomModel(
      configuration: LlamaConfiguration(
        vocabularySize: vocabulary, hiddenSize: 20, layerCount: layers, headCount: 6, keyValueHeadCount: 2, headSize: 4,
        feedForwardSize: 37, rmsNormEpsilon: 1e-5, ropeBase: 10000, contextLength: 160, tiedEmbeddings: tied))
  }

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    var stream = seed.child(name).generator()
    let isNorm = shape.count == 1
    let scale = isNorm ? 0.2 : name.contains("embed") ? 1 : 1.5 / Double(shape[1]).squareRoot()
    return (0..<shape.reduce(1, *)).map { _ in Float((isNorm ? 1 : 0) + scale * stream.normal()) }
  }
}

/// Random tokens.
func tokens(_ count: Int, below bound: Int = 61, seed: SeedTree) -> [Int32] {
  var stream = seed.generator()
  return (0..<count).map { _ in Int32(stream.below(bound)) }
}

/// Queries with shared prompts, one of them alone, one-token responses, and a prompt longer than an attention block.
func mixedQueries(vocabulary: Int = 61) -> [TokenQuery] {
  let seed = SeedTree(3)
  func draw(_ name: String, _ count: Int) -> [Int32] { tokens(count, below: vocabulary, seed: seed.child(name)) }
  let (first, second, long) = (draw("first", 5), draw("second", 3), draw("long", 70))
  return [
    TokenQuery(prompt: first, response: draw("a", 4)), TokenQuery(prompt: first, response: draw("b", 7)),
    TokenQuery(prompt: first, response: draw("c", 1)), TokenQuery(prompt: second, response: draw("d", 2)),
    TokenQuery(prompt: long, response: draw("e", 3)), TokenQuery(prompt: long, response: draw("f", 68)),
  ]
}
