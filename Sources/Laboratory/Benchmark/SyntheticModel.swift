import Basics
import ModelFiles

/// Weights drawn from a seed, for measuring speed without a model file: products take the same time whatever they multiply.
package struct SyntheticModel: TensorSource {
  package let configuration: LlamaConfiguration

  package init(configuration: LlamaConfiguration) { self.configuration = configuration }

  /// The sizes of SmolLM2-135M.
  package static let smolLM2 = SyntheticModel(
    configuration: LlamaConfiguration(
      vocabularySize: 49152, hiddenSize: 576, layerCount: 30, headCount: 9, keyValueHeadCount: 3, headSize: 64,
      feedForwardSize: 1536, rmsNormEpsilon: 1e-5, ropeBase: 100_000, contextLength: 8192, tiedEmbeddings: true))

  /// Uniform values of standard deviation 0.02 (around 1 for a norm).
  package func tensor(named name: String, shape: [Int]) -> [Float] {
    var stream = SeedTree(0).child(name).generator()
    let centre: Float = shape.count == 1 ? 1 : 0
    return (0..<shape.reduce(1, *)).map { _ in
      centre + Float(Int32(truncatingIfNeeded: stream.next() >> 32)) * (0.0346 / 2_147_483_648)
    }
  }
}
