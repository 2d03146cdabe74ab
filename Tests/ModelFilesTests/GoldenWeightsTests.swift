import ModelFiles
import TestSupport
import Testing

/// SmolLM2-135M-Instruct against the weights that Transformers dequantised from the same file.
@Suite struct GoldenWeightsTests {
  struct Golden: Decodable {
    var tensors: [String: Summary]
  }

  struct Summary: Decodable {
    var shape: [Int]
    var sum: Double
    var absoluteSum: Double
    var first4: [Double]
    var last4: [Double]

    enum CodingKeys: String, CodingKey { case shape, sum, absoluteSum = "abs_sum", first4, last4 }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"), .enabled(if: sharedFolder != nil, "\(needsSharedFolder)"))
  func `shape, sums, first and last values of every tensor`() throws {
    let model = try GGUFModel(#require(smolModel))
    let expected = try sharedGolden("weights.json", as: Golden.self).tensors
    #expect(Set(expected.keys) == Set(model.configuration.tensors.map(\.name)))
    for (name, summary) in expected {
      let values = try model.tensor(named: name, shape: summary.shape)
      let sum = values.reduce(0) { $0 + Double($1) }
      let absoluteSum = values.reduce(0) { $0 + abs(Double($1)) }
      // The order of a double sum of float32 values changes it by some 1e-10 of the absolute sum.
      #expect(abs(sum - summary.sum) < 1e-9 * summary.absoluteSum, "\(name)")
      #expect(abs(absoluteSum - summary.absoluteSum) < 1e-9 * summary.absoluteSum, "\(name)")
      #expect(values.prefix(4).map(Double.init) == summary.first4, "\(name)")
      #expect(values.suffix(4).map(Double.init) == summary.last4, "\(name)")
    }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `configuration of SmolLM2-135M`() throws {
    let expected = LlamaConfiguration(
      vocabularySize: 49152, hiddenSize: 576, layerCount: 30, headCount: 9, keyValueHeadCount: 3, headSize: 64,
      feedForwardSize: 1536, rmsNormEpsilon: 1e-5, ropeBase: 100_000, contextLength: 8192, tiedEmbeddings: true)
    let configuration = try GGUFModel(#require(smolModel)).configuration
    #expect(configuration == expected)
    #expect(configuration.parameterCount == 134_515_008)
  }
}
