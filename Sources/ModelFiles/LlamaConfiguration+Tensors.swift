/// A tensor a Llama-family decoder needs: its Hugging Face name, its name in a GGUF file, and its row-major shape.
public struct TensorDescription: Hashable, Sendable {
  public let name: String
  public let ggufName: String
  public let shape: [Int]
  /// For Q and K: the heads whose rows a GGUF file stores in interleaved-rotary order.
  public let rotaryHeads: Int?
}

extension LlamaConfiguration {
  /// Every tensor of the model, in the order embedding, layers, final norm, output head.
  public var tensors: [TensorDescription] {
    let queries = headCount * headSize
    let keys = keyValueHeadCount * headSize
    var list = [
      TensorDescription(
        name: "model.embed_tokens.weight", ggufName: "token_embd.weight", shape: [vocabularySize, hiddenSize],
        rotaryHeads: nil)
    ]
    for layer in 0..<layerCount {
      func add(_ name: String, _ gguf: String, _ shape: [Int], rotaryHeads: Int? = nil) {
        list.append(
          TensorDescription(
            name: "model.layers.\(layer).\(name).weight", ggufName: "blk.\(layer).\(gguf).weight", shape: shape,
            rotaryHeads: rotaryHeads))
      }
      add("input_layernorm", "attn_norm", [hiddenSize])
      add("self_attn.q_proj", "attn_q", [queries, hiddenSize], rotaryHeads: headCount)
      add("self_attn.k_proj", "attn_k", [keys, hiddenSize], rotaryHeads: keyValueHeadCount)
      add("self_attn.v_proj", "attn_v", [keys, hiddenSize])
      add("self_attn.o_proj", "attn_output", [hiddenSize, queries])
      add("post_attention_layernorm", "ffn_norm", [hiddenSize])
      add("mlp.gate_proj", "ffn_gate", [feedForwardSize, hiddenSize])
      add("mlp.up_proj", "ffn_up", [feedForwardSize, hiddenSize])
      add("mlp.down_proj", "ffn_down", [hiddenSize, feedForwardSize])
    }
    list.append(
      TensorDescription(
        name: "model.norm.weight", ggufName: "output_norm.weight", shape: [hiddenSize], rotaryHeads: nil))
    if !tiedEmbeddings {
      list.append(
        TensorDescription(
          name: "lm_head.weight", ggufName: "output.weight", shape: [vocabularySize, hiddenSize], rotaryHeads: nil))
    }
    return list
  }

  /// The number of weights, a tied output head counted once.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}

/// Rows of a Q or K projection from GGUF's interleaved-rotary order to rotate-half order.
///
///     row(h, r·d/2 + i) = stored(h, 2i + r)       d = rows / heads, r ∈ {0, 1}
///
/// - Parameter weight: row-major, [rows, columns].
///
/// Source: llama.cpp `convert_hf_to_gguf.py`, `LlamaModel.permute` (this is its inverse).
func rotateHalfOrder(_ weight: [Float], rows: Int, heads: Int) -> [Float] {
  let columns = weight.count / rows
  return [Float](capacity: weight.count) { output in
    for row in rotateHalfRows(rows, heads: heads) {
      for column in row * columns..<(row + 1) * columns { output.append(weight[column]) }
    }
  }
}

/// The stored row of each row of a Q or K projection in rotate-half order, [rows].
func rotateHalfRows(_ rows: Int, heads: Int) -> [Int] {
  let size = rows / heads
  return (0..<heads).flatMap { head in
    (0..<2).flatMap { part in (0..<size / 2).map { head * size + 2 * $0 + part } }
  }
}
