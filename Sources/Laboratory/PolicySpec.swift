import Basics
import Kernels

/// Which policy an experiment trains.
public struct PolicySpec: Specification, Hashable {
  public enum Kind: String, NamedChoice {
    /// A softmax over the responses of a synthetic world.
    case tabular
    /// A Llama-family decoder from a file.
    case llama
  }

  public var kind = Kind.tabular
  /// A GGUF file, a Hugging Face folder, or a name in `Models/`; not part of a cell's identity (its digest is).
  public var model = ""
  /// Fragments of the names of the tensors that are trained; `all` means every tensor.
  public var trainable = ["down_proj"]
  /// Of what products with weights multiply; reward, cost and judge models always run in float32.
  public var precision = Precision.float32
  /// Longest prompt plus response, tokens; longer pairs are dropped and counted. A data set may have its own.
  public var maxTokens = 512
  /// Longest prompt, tokens.
  public var maxPromptTokens = 384

  enum CodingKeys: String, CodingKey, CaseIterable {
    case kind, model, trainable, precision, maxTokens, maxPromptTokens
  }

  public init() {}

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] { members(of: Self()) }

  public var complaint: String? {
    if kind == .llama, model.isEmpty { return "a llama policy needs `model`: a file, a folder, or a name in Models/" }
    if kind == .tabular, precision != .float32 {
      return "a tabular policy has no products of weights: leave precision out"
    }
    if trainable.isEmpty { return "trainable names no tensor" }
    if maxTokens < 2 { return "maxTokens must be at least 2, got \(maxTokens)" }
    return nil
  }
}
