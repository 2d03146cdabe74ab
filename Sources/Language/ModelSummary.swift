import Basics
import Foundation
import ModelFiles

/// What there is to know about a model without computing with it.
public struct ModelSummary: Encodable, Sendable {
  /// How much of the model has one packing.
  public struct Packing: Encodable, Equatable, Sendable {
    public var type: String
    public var tensors: Int
    public var weights: Int
    public var bytes: Int
  }

  public struct TokenizerSummary: Encodable, Sendable {
    public var preTokenizer: String
    public var tokens: Int
    public var merges: Int
    public var special: [String: Int32]
    public var beginningOfText: Int32?
    public var endOfText: Int32?
    public var padding: Int32?
    public var digest: String
  }

  public struct TemplateSummary: Encodable, Sendable {
    public var name: String
    public var digest: String
    public var defaultSystem: String?
    public var endOfTurn: String?
  }

  public var schema = 1
  public var name: String
  public var format: String
  /// SHA-256 of the file or files.
  public var digest: String
  public var configuration: LlamaConfiguration?
  public var parameters: Int?
  public var packings: [Packing]
  public var tokenizer: TokenizerSummary?
  public var template: TemplateSummary?
  /// Why a part of the model cannot be used, one entry a part.
  public var problems: [String] = []

  /// Looks at every part; what cannot be used becomes an entry of ``problems``.
  ///
  /// - Throws: ``UserError`` when the file as a whole is damaged.
  public init(_ package: ModelPackage) throws {
    name = package.url.lastPathComponent
    digest = try package.digest()
    switch package {
    case .gguf(let file, _):
      format = "GGUF v\(file.version)"
      packings = file.packings
    case .folder(let url):
      format = "safetensors"
      packings = try HuggingFaceModel(url).packings
    }
    configuration = attempt { try package.source().configuration }
    parameters = configuration?.parameterCount
    tokenizer = attempt { TokenizerSummary(try package.tokenizer()) }
    template = attempt { TemplateSummary(try package.template()) }
  }

  private mutating func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch {
      problems.append("\(error)")
      return nil
    }
  }
}

extension ModelSummary.TokenizerSummary {
  init(_ tokenizer: Tokenizer) {
    preTokenizer = tokenizer.preTokenizer.rawValue
    tokens = tokenizer.vocabularySize
    merges = tokenizer.mergePairs.count
    special = tokenizer.specialTokens
    beginningOfText = tokenizer.beginningOfText
    endOfText = tokenizer.endOfText
    padding = tokenizer.padding
    digest = tokenizer.digest
  }
}

extension ModelSummary.TemplateSummary {
  init(_ template: ChatTemplate) {
    name = template.name
    digest = template.digest
    defaultSystem = template.defaultSystem
    endOfTurn = template.endOfTurn
  }
}

extension GGUFFile {
  fileprivate var packings: [ModelSummary.Packing] {
    Dictionary(grouping: tensors, by: \.type.name).map { type, tensors in
      ModelSummary.Packing(
        type: type, tensors: tensors.count, weights: tensors.reduce(0) { $0 + $1.elementCount },
        bytes: tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { $0.type < $1.type }
  }
}

extension HuggingFaceModel {
  fileprivate var packings: [ModelSummary.Packing] {
    Dictionary(grouping: storedTensors, by: \.type).map { type, tensors in
      ModelSummary.Packing(
        type: type, tensors: tensors.count, weights: tensors.reduce(0) { $0 + $1.weights },
        bytes: tensors.reduce(0) { $0 + $1.bytes })
    }.sorted { $0.type < $1.type }
  }
}
