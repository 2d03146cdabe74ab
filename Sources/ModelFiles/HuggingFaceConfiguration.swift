import Basics
import Foundation

/// The sizes of the Llama decoder that a folder's `config.json` describes.
///
/// Keys that are absent have the defaults of Transformers' `LlamaConfig`.
///
/// - Throws: ``UserError`` when a key is missing or impossible, or asks for something this program's decoder does not do.
func llamaConfiguration(json: JSONTree, source: String) throws -> LlamaConfiguration {
  let reader = ConfigurationReader(json: json, source: source)
  try reader.refuseOthers()
  let hidden = try reader.size("hidden_size")
  let heads = try reader.size("num_attention_heads")
  let keyValueHeads = try reader.size("num_key_value_heads", default: heads)
  let headSize = try reader.size("head_dim", default: hidden / heads)
  guard heads % keyValueHeads == 0, headSize % 2 == 0, headSize > 0 else {
    throw reader.error(
      "impossible heads", "num_attention_heads",
      because: "\(heads) query heads, \(keyValueHeads) key-value heads, \(headSize) dimensions each")
  }
  return LlamaConfiguration(
    vocabularySize: try reader.size("vocab_size"), hiddenSize: hidden,
    layerCount: try reader.size("num_hidden_layers", limit: 10000), headCount: heads,
    keyValueHeadCount: keyValueHeads, headSize: headSize, feedForwardSize: try reader.size("intermediate_size"),
    rmsNormEpsilon: try reader.number("rms_norm_eps", default: 1e-6), ropeBase: try reader.ropeBase(),
    contextLength: try reader.size("max_position_embeddings", default: 2048),
    tiedEmbeddings: json["tie_word_embeddings"]?.bool ?? false)
}

private struct ConfigurationReader {
  let json: JSONTree
  let source: String

  func error(_ what: String, _ key: String, because why: String? = nil) -> UserError {
    UserError(
      what, at: "\(source), key `\(key)`", because: why, advice: "use a plain Llama-family model such as SmolLM2",
      exitCode: .badData)
  }

  /// Refuses every setting whose effect would otherwise be lost in silence.
  func refuseOthers() throws {
    guard json["model_type"]?.string == "llama" else {
      throw error(
        "model type `\(json["model_type"]?.string ?? "none")` is not supported", "model_type",
        because: "only `llama` is")
    }
    for (key, supported) in [("hidden_act", "silu"), ("model_type", "llama")] {
      if let value = json[key]?.string, value != supported {
        throw error("not supported", key, because: "it is `\(value)`, and only `\(supported)` is")
      }
    }
    for key in ["attention_bias", "mlp_bias", "rope_interleaved"] where json[key]?.bool == true {
      throw error("not supported", key, because: "it is true")
    }
    for key in ["quantization_config", "sliding_window"] {
      if let value = json[key], !value.isNull { throw error("not supported", key, because: "it is not null") }
    }
    for key in ["partial_rotary_factor"] {
      if let value = json[key]?.number, value != 1 { throw error("not supported", key, because: "it is not 1") }
    }
    for key in ["rope_scaling", "rope_parameters"] {
      let type = json[key]?["rope_type"] ?? json[key]?["type"]
      if let type, type.string != "default" {
        throw error("rotary scaling is not supported", key, because: "its type is `\(type.string ?? "no string")`")
      }
      if let scaling = json[key], scaling.object != nil, type == nil, key == "rope_scaling" {
        throw error("rotary scaling is not supported", key, because: "its type is not stated")
      }
    }
  }

  /// `rope_parameters.rope_theta` of newer files, else `rope_theta`, else 10000.
  func ropeBase() throws -> Double {
    if let value = json["rope_parameters"]?["rope_theta"] {
      guard let base = value.number, base > 0 else {
        throw error("not a positive number", "rope_parameters.rope_theta")
      }
      return base
    }
    return try number("rope_theta", default: 10000)
  }

  func size(_ key: String, default fallback: Int? = nil, limit: Int = 1 << 31) throws -> Int {
    guard let value = json[key], !value.isNull else {
      if let fallback { return fallback }
      throw error("missing", key)
    }
    guard let size = value.integer, size > 0, size < limit else {
      throw error("not a positive whole number below \(limit)", key)
    }
    return size
  }

  func number(_ key: String, default fallback: Double) throws -> Double {
    guard let value = json[key], !value.isNull else { return fallback }
    guard let number = value.number, number > 0 else { throw error("not a positive number", key) }
    return number
  }
}
