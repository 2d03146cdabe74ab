import Basics
import Foundation
import Kernels
import ModelFiles
import Policies
import Testing

/// A random model whose matrices come in blocks, which it may keep to itself.
private struct BlockModel: TensorSource {
  var configuration = LlamaConfiguration(
    vocabularySize: 301, hiddenSize: 64, layerCount: 3, headCount: 6, keyValueHeadCount: 2, headSize: 16,
    feedForwardSize: 160, rmsNormEpsilon: 1e-5, ropeBase: 10000, contextLength: 200, tiedEmbeddings: true)
  var offersBlocks: Bool

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    if shape.count == 1 { return (0..<shape[0]).map { 1 + 0.01 * Float($0 % 7) } }
    let matrix = matrix(named: name, shape)
    let stored = dequantised(matrix.bytes.span, as: matrix.packing, count: shape[0] * shape[1])
    return matrix.order!.flatMap { stored[Int($0) * shape[1]..<(Int($0) + 1) * shape[1]] }
  }

  func blocks(named name: String) -> QuantisedMatrix? {
    guard offersBlocks, let tensor = configuration.tensors.first(where: { $0.name == name }) else {
      return nil
    }
    return matrix(named: name, tensor.shape)
  }

  private func matrix(named name: String, _ shape: [Int]) -> QuantisedMatrix {
    var stream = SeedTree(3).child(name).generator()
    let packing: Quantisation =
      name.contains("embed") ? .q8Scaled : name.contains("up_proj") ? .q4Scaled : .q4Affine
    var bytes = Data()
    func append(half value: Double) {
      let bits = Float16(value).bitPattern
      bytes += [UInt8(bits & 255), UInt8(bits >> 8)]
    }
    for _ in 0..<shape[0] * shape[1] / 32 {
      append(half: (packing == .q8Scaled ? 0.01 : 0.04) * (1 + stream.uniform()))
      if packing == .q4Affine { append(half: -0.35) }
      bytes += (0..<(packing == .q8Scaled ? 32 : 16)).map { _ in UInt8(stream.below(256)) }
    }
    return QuantisedMatrix(
      packing: packing, rows: shape[0], columns: shape[1], bytes: bytes,
      order: (0..<shape[0]).map { UInt32(($0 * 7 + 2) % shape[0]) })
  }
}

/// Those of some engines that this machine has.
private func here(_ engines: MatrixEngine...) -> [MatrixEngine] { engines.filter(\.isSupported) }

@Suite("Decoding", .enabled(if: MatrixEngine.packedSingle != nil, "needs AVX2"))
struct DecodingTests {
  private let single = MatrixEngine.packedSingle!

  private func policy(_ engine: MatrixEngine, offersBlocks: Bool = true, workers: Int = 2) throws -> LlamaPolicy<Float>
  {
    try LlamaPolicy(
      loading: BlockModel(offersBlocks: offersBlocks), trainable: ["down_proj", "embed_tokens"], engine: engine,
      workers: workers)
  }

  private func prompts(_ count: Int) -> [[Int32]] {
    (0..<count).map { tokens(1 + ($0 * 37) % 90, below: 301, seed: SeedTree($0)) }
  }

  @Test(arguments: here(.avx2, .avx512))
  func `blocks give the bits that the same weights give as floats`(engine: MatrixEngine) throws {
    let options = SamplingOptions(temperature: 0.9, topP: 0.97, maxNewTokens: 30)
    let withBlocks = try policy(engine).generate(prompts: prompts(21), options: options, seed: SeedTree(4))
    let withFloats = try policy(engine, offersBlocks: false).generate(
      prompts: prompts(21), options: options, seed: SeedTree(4))
    #expect(withBlocks == withFloats)
    #expect(try policy(engine).decodesFromBlocks)
    #expect(try !policy(engine, offersBlocks: false).decodesFromBlocks)
  }

  @Test(.enabled(if: MatrixEngine.avx512BF16.isSupported, "needs AVX512-BF16"))
  func `in bfloat16, decoding from blocks is about as far from float32 as scoring is`() throws {
    let half = try policy(.avx512BF16)
    let single = try policy(self.single)
    let prompts = prompts(19)
    let drawn = half.generate(
      prompts: prompts, options: SamplingOptions(temperature: 1, maxNewTokens: 40), seed: SeedTree(9))
    let queries = zip(prompts, drawn).map { TokenQuery(prompt: $0, response: $1.tokens) }
    let exact = single.tokenLogProbabilities(queries)
    func distance(_ own: [[Double]]) -> Double {
      mean(zip(own, exact).flatMap { zip($0, $1).map { abs($0 - $1) } })
    }
    let (decoded, scored) = (distance(drawn.map(\.logProbabilities)), distance(half.tokenLogProbabilities(queries)))
    #expect(half.decodesFromBlocks && decoded > 0 && decoded < 1.5 * scored, "\(decoded) and \(scored)")
  }

  @Test(arguments: here(.openBLAS, .avx2, .avx512, .avx512BF16), [1, 2, 3, 8, 16, 19])
  func `log-probabilities of every step are those of the whole sequence`(engine: MatrixEngine, batch: Int) throws {
    let policy = try policy(engine)
    let prompts = prompts(batch)
    let drawn = policy.generate(
      prompts: prompts, options: SamplingOptions(temperature: 1, maxNewTokens: 40), seed: SeedTree(9))
    let queries = zip(prompts, drawn).map { TokenQuery(prompt: $0, response: $1.tokens) }
    let scored = policy.tokenLogProbabilities(queries)
    let differences = zip(drawn, scored).flatMap { zip($0.logProbabilities, $1).map { abs($0 - $1) } }
    #expect(differences.count == 40 * batch)
    switch engine.precision {
    case .float32: #expect(differences.max()! < 2e-4)
    case .bfloat16: #expect(mean(differences) < 0.03)
    }
  }

  @Test(arguments: here(.openBLAS, .avx2, .avx512, .avx512BF16, .amxEmulated), [1, 3, 5])
  func `sequences have the same bits with any number of workers`(engine: MatrixEngine, workers: Int) throws {
    let options = SamplingOptions(maxNewTokens: 12)
    func drawn(_ workers: Int) throws -> [Generation] {
      try policy(engine, workers: workers).generate(prompts: prompts(11), options: options, seed: SeedTree(0))
    }
    #expect(try drawn(workers) == drawn(2))
  }

  @Test(arguments: here(.avx2, .avx512, .avx512BF16))
  func `a sequence has the same bits alone, among others, and with any number of workers`(engine: MatrixEngine) throws {
    let prompts = prompts(18)
    let options = SamplingOptions(maxNewTokens: 25)
    let together = try policy(engine, workers: 3).generate(prompts: prompts, options: options, seed: SeedTree(0))
    let single = try policy(engine, workers: 1)
    for (prompt, drawn) in zip(prompts, together) {
      #expect(single.generate(prompt: prompt, options: options, seed: SeedTree(0)) == drawn)
    }
  }

  @Test func `equal prompts in a row are read once and drawn apart`() throws {
    let policy = try policy(single)
    let prompts = [[Int32]](repeating: tokens(40, below: 301, seed: SeedTree(1)), count: 5)
    let options = SamplingOptions(temperature: 1, maxNewTokens: 12)
    let drawn = policy.generate(prompts: prompts, options: options, seed: SeedTree(2))
    #expect(Set(drawn.map(\.tokens)).count == 5)
    let mixed = [prompts[0], [4, 5], prompts[2], [9], prompts[4]]
    let apart = policy.generate(prompts: mixed, options: options, seed: SeedTree(2))
    for index in [0, 2, 4] { #expect(apart[index] == drawn[index]) }
  }

  @Test func `a trained tensor is read as it now is, by the policy that trained it only`() throws {
    func train(_ policy: inout LlamaPolicy<Float>) {
      policy.updateTrainable { _, tensor in for index in tensor.indices { tensor[index] *= 1.5 } }
    }
    let options = SamplingOptions(maxNewTokens: 20)
    let prompts = prompts(4)
    func draw(_ policy: borrowing LlamaPolicy<Float>) -> [Generation] {
      policy.generate(prompts: prompts, options: options, seed: SeedTree(0))
    }
    let original = try policy(single)
    let before = draw(original)
    var trained = original.clone()
    train(&trained)
    var expected = try policy(single, offersBlocks: false)
    train(&expected)
    #expect(draw(trained) == draw(expected))
    #expect(draw(trained) != before)
    #expect(draw(original) == before)
  }
}
