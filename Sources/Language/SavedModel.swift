import Basics
import Foundation
import ModelFiles

/// Saves a model as a folder that Hugging Face Transformers loads, and this program too.
///
/// `config.json` is written last: a folder without it is not complete.
///
/// - Parameters:
///   - encoder: the tokenizer and chat template to put beside the weights.
///   - metadata: what the weight file says of its origin, such as the base model's digest; strings only.
///   - tensors: calls its argument once for every tensor of ``LlamaConfiguration/tensors`` with its row-major elements.
/// - Throws: ``UserError`` (73) when the folder cannot be written.
public func saveHuggingFaceFolder(
  to folder: URL, configuration: LlamaConfiguration, encoder: ChatEncoder, metadata: [String: String] = [:],
  tensors: (_ write: (_ name: String, _ elements: [Float]) throws -> Void) throws -> Void
) throws {
  let tokenizer = encoder.tokenizer
  func write(_ name: String, _ value: [String: JSONValue]) throws {
    try AtomicFile.write(
      try canonicalJSON(JSONValue.object(value), pretty: true) + "\n", to: folder.appending(path: name))
  }
  try AtomicFile.write(tokenizer.huggingFaceDocument, to: folder.appending(path: "tokenizer.json"))
  try write("tokenizer_config.json", tokenizerSettings(encoder, contextLength: configuration.contextLength))
  try write("generation_config.json", generationSettings(encoder))
  let origin = ["format": "pt", "tool": "bfpo \(toolVersion)"].merging(metadata) { $1 }
  try writeSafetensors(
    to: folder.appending(path: "model.safetensors"), tensors: configuration.tensors.map { ($0.name, $0.shape) },
    metadata: origin, tensors)
  try write("config.json", configuration.huggingFaceObject(tokenizer))
}

extension LlamaConfiguration {
  /// The members of `config.json`.
  fileprivate func huggingFaceObject(_ tokenizer: Tokenizer) -> [String: JSONValue] {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    var members: [String: JSONValue] = [
      "architectures": .array([.string("LlamaForCausalLM")]), "model_type": .string("llama"),
      "attention_bias": .bool(false), "attention_dropout": .number(0), "mlp_bias": .bool(false),
      "hidden_act": .string("silu"), "vocab_size": number(vocabularySize), "hidden_size": number(hiddenSize),
      "num_hidden_layers": number(layerCount), "num_attention_heads": number(headCount),
      "num_key_value_heads": number(keyValueHeadCount), "head_dim": number(headSize),
      "intermediate_size": number(feedForwardSize), "rms_norm_eps": .number(rmsNormEpsilon),
      "rope_theta": .number(ropeBase),
      "rope_parameters": .object(["rope_type": .string("default"), "rope_theta": .number(ropeBase)]),
      "max_position_embeddings": number(contextLength), "tie_word_embeddings": .bool(tiedEmbeddings),
      "torch_dtype": .string("float32"), "use_cache": .bool(true),
    ]
    for (key, id) in [
      ("bos_token_id", tokenizer.beginningOfText), ("eos_token_id", tokenizer.endOfText),
      ("pad_token_id", tokenizer.padding),
    ] {
      members[key] = id.map { .number(Double($0)) } ?? .null
    }
    return members
  }
}

private func tokenizerSettings(_ encoder: ChatEncoder, contextLength: Int) -> [String: JSONValue] {
  let tokenizer = encoder.tokenizer
  func token(_ id: Int32?) -> JSONValue { id.flatMap { tokenizer.tokens[Int($0)] }.map { .string($0) } ?? .null }
  return [
    "tokenizer_class": .string("PreTrainedTokenizerFast"), "add_prefix_space": .bool(false),
    "clean_up_tokenization_spaces": .bool(false), "model_max_length": .number(Double(contextLength)),
    "bos_token": token(tokenizer.beginningOfText), "eos_token": token(tokenizer.endOfText),
    "pad_token": token(tokenizer.padding), "chat_template": .string(encoder.template.jinja),
  ]
}

/// Generation stops at the end of a turn as well as at the end of a text.
private func generationSettings(_ encoder: ChatEncoder) -> [String: JSONValue] {
  let tokenizer = encoder.tokenizer
  let ends = Set([encoder.endOfTurn, tokenizer.endOfText].compactMap(\.self)).sorted()
  var members: [String: JSONValue] = ["eos_token_id": .array(ends.map { .number(Double($0)) })]
  if let id = tokenizer.beginningOfText { members["bos_token_id"] = .number(Double(id)) }
  if let id = tokenizer.padding { members["pad_token_id"] = .number(Double(id)) }
  return members
}
