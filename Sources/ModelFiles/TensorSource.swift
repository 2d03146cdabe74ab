/// Where a model's weights come from: a GGUF file, a safetensors folder, or memory in a test.
///
/// Names and layout are Hugging Face's: `model.embed_tokens.weight` [vocabulary, hidden],
/// `model.layers.N.self_attn.{q,k,v,o}_proj.weight` [out, in] with rotate-half rotary order,
/// `model.layers.N.mlp.{gate,up,down}_proj.weight` [out, in], `model.layers.N.{input,post_attention}_layernorm.weight` [hidden],
/// `model.norm.weight` [hidden], and, when not tied, `lm_head.weight` [vocabulary, hidden].
public protocol TensorSource {
  var configuration: LlamaConfiguration { get }
  /// The tensor's elements, row-major, dequantised to float32.
  ///
  /// - Throws: ``UserError`` when it is missing, has another shape, or cannot be read.
  func tensor(named name: String, shape: [Int]) throws -> [Float]
}
