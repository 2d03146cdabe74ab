import Basics

/// The sizes of the Llama decoder that a file's metadata describe.
///
/// - Throws: ``UserError`` when a key is missing or impossible, or when the file asks for something this program's decoder does not do.
func llamaConfiguration(of file: GGUFFile) throws -> LlamaConfiguration {
  try requireLlama(file)
  try refuseOtherRotary(file)
  let hidden = try size("llama.embedding_length", file)
  let heads = try size("llama.attention.head_count", file)
  let keyValueHeads = try size("llama.attention.head_count_kv", file, default: heads)
  let headSize = try headSize(file, hidden: hidden, heads: heads)
  guard heads % keyValueHeads == 0 else {
    throw file.error(
      "query heads are not a multiple of key-value heads", in: "key `llama.attention.head_count_kv`",
      because: "\(heads) and \(keyValueHeads)")
  }
  // Checked here because the list of needed tensors is made from these numbers.
  let layers = try size("llama.block_count", file)
  guard layers <= file.tensors.count else {
    throw file.error(
      "impossible number of layers", in: "key `llama.block_count`",
      because: "\(layers) layers and only \(file.tensors.count) tensors")
  }
  let epsilon = try number("llama.attention.layer_norm_rms_epsilon", file)
  let base = try number("llama.rope.freq_base", file, default: 10000)
  return LlamaConfiguration(
    vocabularySize: try vocabularySize(file), hiddenSize: hidden, layerCount: layers, headCount: heads,
    keyValueHeadCount: keyValueHeads, headSize: headSize,
    feedForwardSize: try size("llama.feed_forward_length", file), rmsNormEpsilon: epsilon, ropeBase: base,
    contextLength: try size("llama.context_length", file), tiedEmbeddings: file.tensor(named: "output.weight") == nil)
}

private func requireLlama(_ file: GGUFFile) throws {
  let architecture = file.metadata["general.architecture"]?.string
  guard architecture == "llama" else {
    throw file.error(
      architecture.map { "architecture `\($0)` is not supported" } ?? "the file names no architecture",
      in: "key `general.architecture`", because: "only `llama` decoders are",
      advice: "use a Llama-family model: `./bfpo model fetch` gets SmolLM2-135M-Instruct")
  }
  for key in ["llama.expert_count", "llama.attention.sliding_window"] {
    if let value = file.metadata[key]?.number, value != 0 {
      throw file.error(
        "this kind of Llama model is not supported", in: "key `\(key)`", because: "it is \(value), not 0",
        advice: "use a dense model with full causal attention such as SmolLM2")
    }
  }
}

/// Refuses rotary scaling, whose effect on the frequencies would otherwise be lost in silence.
private func refuseOtherRotary(_ file: GGUFFile) throws {
  let advice = "use a model with plain rotary positions such as SmolLM2"
  if let type = file.metadata["llama.rope.scaling.type"], type.string != "none" {
    throw file.error(
      "rotary scaling is not supported", in: "key `llama.rope.scaling.type`",
      because: "it is `\(type.string ?? "no string")`", advice: advice)
  }
  for key in ["llama.rope.scaling.factor", "llama.rope.scale_linear", "llama.rope.scaling.attn_factor"] {
    if let factor = file.metadata[key], factor.number != 1, factor.number != 0 {
      throw file.error(
        "rotary scaling is not supported", in: "key `\(key)`", because: "it is not 1", advice: advice)
    }
  }
}

/// The width of a head: `key_length` if the file has it, else the rotary dimension, else hidden / heads.
private func headSize(_ file: GGUFFile, hidden: Int, heads: Int) throws -> Int {
  let rotaryKey = "llama.rope.dimension_count"
  let rotary = file.metadata[rotaryKey] == nil ? nil : try size(rotaryKey, file)
  let keyLength = "llama.attention.key_length"
  let stated = file.metadata[keyLength] == nil ? rotary : try size(keyLength, file)
  guard stated != nil || hidden % heads == 0 else {
    throw file.error(
      "the hidden size is not a multiple of the heads", in: "key `llama.attention.head_count`",
      because: "\(hidden) and \(heads)")
  }
  let headSize = stated ?? hidden / heads
  if let rotary, rotary != headSize {
    throw file.error(
      "partial rotary embedding is not supported", in: "key `\(rotaryKey)`",
      because: "\(rotary) of \(headSize) dimensions of a head", advice: "use a Llama-family model such as SmolLM2")
  }
  if try size("llama.attention.value_length", file, default: headSize) != headSize {
    throw file.error(
      "heads whose values and keys differ in size are not supported", in: "key `llama.attention.value_length`")
  }
  guard headSize % 2 == 0 else {
    throw file.error("the head size is odd", in: "key `\(rotaryKey)`", because: "\(headSize); rotation needs pairs")
  }
  return headSize
}

/// The rows of the token embedding; the metadata, where they say it, must agree.
private func vocabularySize(_ file: GGUFFile) throws -> Int {
  guard let embedding = file.tensor(named: "token_embd.weight"), embedding.shape.count == 2 else {
    throw file.error("the token embedding is missing or not a matrix", in: "tensor `token_embd.weight`")
  }
  let stated = try size("llama.vocab_size", file, default: embedding.shape[0])
  guard stated == embedding.shape[0] else {
    throw file.error(
      "vocabulary sizes disagree", in: "key `llama.vocab_size`",
      because: "\(stated), but the token embedding has \(embedding.shape[0]) rows")
  }
  return stated
}

/// A positive integer below 2³¹, so that products of two sizes cannot overflow.
private func size(_ key: String, _ file: GGUFFile, default fallback: Int? = nil) throws -> Int {
  guard let value = file.metadata[key] else {
    if let fallback { return fallback }
    throw file.error("a metadata key is missing", in: "key `\(key)`", because: "a Llama decoder needs it")
  }
  guard let size = value.integer, size > 0, size < 1 << 31 else {
    throw file.error("a size is not a positive integer below 2³¹", in: "key `\(key)`")
  }
  return size
}

/// A positive finite number, read through its shortest decimal form: a file's float32 1e-5 is meant as 0.00001.
private func number(_ key: String, _ file: GGUFFile, default fallback: Double? = nil) throws -> Double {
  guard let value = file.metadata[key] else {
    if let fallback { return fallback }
    throw file.error("a metadata key is missing", in: "key `\(key)`", because: "a Llama decoder needs it")
  }
  guard let number = value.number, number > 0, number.isFinite else {
    throw file.error("a value is not a positive number", in: "key `\(key)`")
  }
  let single = Float(number)
  return Double(single) == number ? Double("\(single)") ?? number : number
}
