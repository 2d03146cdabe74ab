import Basics
import Foundation
import ModelFiles

/// The decoder written down once more, one token after the other, in the plainest way: the other side of the comparison.
struct PlainLlama {
  let sizes: LlamaConfiguration
  let weights: [String: [[Double]]]

  init(_ source: some TensorSource) throws {
    sizes = source.configuration
    let (h, f) = (sizes.hiddenSize, sizes.feedForwardSize)
    let (q, kv) = (sizes.headCount * sizes.headSize, sizes.keyValueHeadCount * sizes.headSize)
    var shapes = ["model.embed_tokens.weight": [sizes.vocabularySize, h], "model.norm.weight": [h]]
    if !sizes.tiedEmbeddings { shapes["lm_head.weight"] = [sizes.vocabularySize, h] }
    for layer in 0..<sizes.layerCount {
      let prefix = "model.layers.\(layer)."
      shapes[prefix + "self_attn.q_proj.weight"] = [q, h]
      shapes[prefix + "self_attn.k_proj.weight"] = [kv, h]
      shapes[prefix + "self_attn.v_proj.weight"] = [kv, h]
      shapes[prefix + "self_attn.o_proj.weight"] = [h, q]
      shapes[prefix + "mlp.gate_proj.weight"] = [f, h]
      shapes[prefix + "mlp.up_proj.weight"] = [f, h]
      shapes[prefix + "mlp.down_proj.weight"] = [h, f]
      shapes[prefix + "input_layernorm.weight"] = [h]
      shapes[prefix + "post_attention_layernorm.weight"] = [h]
    }
    var weights: [String: [[Double]]] = [:]
    for (name, shape) in shapes {
      let values = try source.tensor(named: name, shape: shape).map(Double.init)
      let width = shape.last!
      weights[name] = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }
    self.weights = weights
  }

  /// log p of every response token.
  func logProbabilities(_ query: TokenQuery) -> [Double] {
    let sequence = query.prompt + query.response
    let hidden = run(sequence)
    let head = weights[sizes.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"]!
    return query.response.indices.map { index in
      let logits = times(head, hidden[query.prompt.count + index - 1])
      return logits[Int(query.response[index])] - log(logits.reduce(0) { $0 + exp($1) })
    }
  }

  private func run(_ sequence: [Int32]) -> [[Double]] {
    var x = sequence.map { weights["model.embed_tokens.weight"]![Int($0)] }
    for layer in 0..<sizes.layerCount {
      func weight(_ name: String) -> [[Double]] { weights["model.layers.\(layer).\(name).weight"]! }
      let normed = x.map { normalise($0, weight("input_layernorm")[0]) }
      let q = normed.enumerated().map { rotated(times(weight("self_attn.q_proj"), $1), $0) }
      let k = normed.enumerated().map { rotated(times(weight("self_attn.k_proj"), $1), $0) }
      let v = normed.map { times(weight("self_attn.v_proj"), $0) }
      for row in x.indices { x[row] = plus(x[row], times(weight("self_attn.o_proj"), attend(row, q[row], k, v))) }
      for row in x.indices {
        let input = normalise(x[row], weight("post_attention_layernorm")[0])
        let gate = times(weight("mlp.gate_proj"), input)
        let up = times(weight("mlp.up_proj"), input)
        x[row] = plus(x[row], times(weight("mlp.down_proj"), zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }))
      }
    }
    return x.map { normalise($0, weights["model.norm.weight"]![0]) }
  }

  private func attend(_ row: Int, _ q: [Double], _ k: [[Double]], _ v: [[Double]]) -> [Double] {
    let size = sizes.headSize
    return (0..<sizes.headCount).flatMap { head -> [Double] in
      let shared = head / (sizes.headCount / sizes.keyValueHeadCount)
      let weights = (0...row).map { key in
        exp(
          (0..<size).reduce(0.0) { $0 + q[head * size + $1] * k[key][shared * size + $1] } / Double(size).squareRoot())
      }
      let total = weights.reduce(0, +)
      return (0..<size).map { i in (0...row).reduce(0.0) { $0 + weights[$1] / total * v[$1][shared * size + i] } }
    }
  }

  private func rotated(_ x: [Double], _ position: Int) -> [Double] {
    let (size, half) = (sizes.headSize, sizes.headSize / 2)
    return x.indices.map { index in
      let (start, i) = (index / size * size, index % size)
      let angle = Double(position) * pow(sizes.ropeBase, -2 * Double(i % half) / Double(size))
      return i < half
        ? x[index] * cos(angle) - x[start + i + half] * sin(angle)
        : x[index] * cos(angle) + x[start + i - half] * sin(angle)
    }
  }

  private func normalise(_ x: [Double], _ weight: [Double]) -> [Double] {
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + sizes.rmsNormEpsilon).squareRoot()
    return zip(x, weight).map { $0 * scale * $1 }
  }

  private func times(_ matrix: [[Double]], _ x: [Double]) -> [Double] {
    matrix.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private func plus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
}
