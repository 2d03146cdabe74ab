import Basics
import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

@Suite struct SavedModelTests {
  @Test func `a saved folder loads again with the same weights, ids and template`() throws {
    let sizes = LlamaConfiguration(
      vocabularySize: 540, hiddenSize: 8, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 4,
      feedForwardSize: 12, rmsNormEpsilon: 1e-5, ropeBase: 100_000, contextLength: 128, tiedEmbeddings: true)
    let template = ChatTemplate(
      name: "t", turn: "<|turn|>{role}\n{content}<|end|>\n", generationPrompt: "<|turn|>assistant\n",
      endOfTurn: "<|end|>", defaultSystem: "It's \\ here")
    let encoder = try ChatEncoder(tokenizer: smallTokenizer(), template: template)
    try withTemporaryFolder { folder in
      try saveHuggingFaceFolder(
        to: folder, configuration: sizes, encoder: encoder, metadata: ["base_model_sha256": "abc"]
      ) { write in
        for tensor in sizes.tensors { try write(tensor.name, values(tensor)) }
      }
      let package = try ModelPackage(folder)
      let source = try package.source()
      #expect(source.configuration == sizes)
      for tensor in sizes.tensors {
        #expect(try source.tensor(named: tensor.name, shape: tensor.shape) == values(tensor))
      }
      #expect((source as? HuggingFaceModel)?.metadata["base_model_sha256"] == "abc")
      let tokenizer = try package.tokenizer()
      #expect(tokenizer.digest == encoder.tokenizer.digest)
      #expect(tokenizer.endOfText == encoder.tokenizer.endOfText)
      // A template of one's own is no known text: it has to be chosen again.
      #expect(throws: UserError.self) { try package.template() }
      #expect(try package.chatTemplateText()?.text == template.jinja)
      let digest = try package.digest()
      try Data("{}".utf8).write(to: folder.appending(path: "generation_config.json"))
      #expect(try package.digest() == digest)
      try AtomicFile.write("x", to: folder.appending(path: "chat_template.jinja"))
      #expect(try package.digest() != digest)
    }
  }

  @Test func `the saved chat template is the one that was recognised`() throws {
    for template in ChatTemplate.named {
      #expect(try ChatTemplate.recognised(jinja: template.jinja, source: "") == template)
    }
  }

  private func values(_ tensor: TensorDescription) -> [Float] {
    (0..<tensor.shape.reduce(1, *)).map { Float($0 % 97) / 13 - Float(tensor.name.utf8.count) }
  }
}
