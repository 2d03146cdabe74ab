import Basics
import Foundation
import ModelFiles

/// A language model ready for use: weights, the path from text to tokens, and what identifies it in a record.
public struct LoadedModel: Sendable {
  public let url: URL
  /// The weights, read tensor by tensor when asked for.
  public let source: any TensorSource & Sendable
  /// Text to token ids, with the chat template.
  public let encoder: ChatEncoder
  /// SHA-256 of the model's file or files.
  public let digest: String
  /// One line for records and messages: name, format, packings.
  public let description: String

  public var configuration: LlamaConfiguration { source.configuration }
  public var tokenizer: Tokenizer { encoder.tokenizer }
  public var template: ChatTemplate { encoder.template }
}

/// Opens a model.
///
/// - Parameters:
///   - name: a GGUF file, a safetensors folder, or a short name in `Models`; nil for the model of `./bfpo model fetch`.
///   - template: a template's name or file that replaces the model's own.
/// - Throws: ``UserError`` (66) when there is no such model, (65) when anything about it is damaged or not supported.
public func loadModel(
  _ name: String?, template: String? = nil, location: ModelLocation = .standard()
) throws -> LoadedModel {
  let package = try ModelPackage(location.find(name))
  let source = try package.source()
  let tokenizer = try package.tokenizer()
  guard tokenizer.vocabularySize <= source.configuration.vocabularySize else {
    throw UserError(
      "the tokenizer has more tokens than the model", at: package.url.relativePath,
      because: "\(tokenizer.vocabularySize) and \(source.configuration.vocabularySize)",
      advice: "the tokenizer belongs to another model", exitCode: .badData)
  }
  return LoadedModel(
    url: package.url, source: source,
    encoder: try ChatEncoder(tokenizer: tokenizer, template: try package.template(chosen: template)),
    digest: try package.digest(), description: summary(package, source))
}

/// Such as `SmolLM2-135M-Instruct.Q4_1.gguf (GGUF v3: 61 F32, 210 Q4_1, 1 Q8_0; dequantised to float32)`.
private func summary(_ package: ModelPackage, _ source: any TensorSource) -> String {
  let name = package.url.lastPathComponent
  switch package {
  case .gguf(let file, _):
    let counts = file.tensors.reduce(into: [:]) { $0[$1.type.name, default: 0] += 1 }
    return "\(name) (GGUF v\(file.version): \(list(counts)); dequantised to float32)"
  case .folder:
    let types = (source as? HuggingFaceModel)?.storedTensors.map(\.type) ?? []
    return "\(name) (safetensors: \(list(types.reduce(into: [:]) { $0[$1, default: 0] += 1 })))"
  }
}

private func list(_ counts: [String: Int]) -> String {
  counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
}
