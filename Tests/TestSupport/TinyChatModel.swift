import Basics
import Foundation
import Language
import ModelFiles

/// Saves a two-layer model with random weights and a small tokenizer as a folder for Hugging Face Transformers.
public func saveTinyChatModel(to folder: URL) throws {
  let sizes = LlamaConfiguration(
    vocabularySize: 540, hiddenSize: 8, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 4,
    feedForwardSize: 12, rmsNormEpsilon: 1e-5, ropeBase: 10_000, contextLength: 128, tiedEmbeddings: true)
  let tokenizer = try Tokenizer(
    huggingFace: Data(contentsOf: packageRoot.appending(path: "Tests/Golden/small-tokenizer.json")),
    source: "small-tokenizer.json", endOfText: "<|end|>")
  var random = SeedTree(1).generator()
  try saveHuggingFaceFolder(
    to: folder, configuration: sizes, encoder: try ChatEncoder(tokenizer: tokenizer, template: .plain)
  ) { write in
    for tensor in sizes.tensors {
      try write(tensor.name, (0..<tensor.shape.reduce(1, *)).map { _ in Float(0.3 * random.normal()) })
    }
  }
}
