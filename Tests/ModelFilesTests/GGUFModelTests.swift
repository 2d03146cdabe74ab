import Basics
import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct GGUFModelTests {
  @Test func `Q and K rows come out in rotate-half order, the others as they are`() throws {
    let builder = GGUFBuilder.tinyLlama
    let model = try model(builder)
    func stored(_ i: Int) -> Float { (Float(i) / 7).truncatingRemainder(dividingBy: 2) }
    for (name, rows) in [("q", 32), ("k", 16)] {
      let weight = try model.tensor(named: "model.layers.0.self_attn.\(name)_proj.weight", shape: [rows, 32])
      for head in 0..<rows / 16 {
        for i in 0..<8 {
          // Row i of the first half is the file's even row 2i, row i of the second half the odd one after it.
          #expect(weight[(head * 16 + i) * 32 + 3] == stored((head * 16 + 2 * i) * 32 + 3))
          #expect(weight[(head * 16 + 8 + i) * 32 + 3] == stored((head * 16 + 2 * i + 1) * 32 + 3))
        }
      }
    }
    let value = try model.tensor(named: "model.layers.0.self_attn.v_proj.weight", shape: [16, 32])
    #expect(value == (0..<512).map(stored))
  }

  @Test func `an untied output head`() throws {
    var builder = GGUFBuilder.tinyLlama
    builder.tensors.append(.init("output.weight", [32, 40]))
    #expect(try !model(builder).configuration.tiedEmbeddings)
    #expect(try model(.tinyLlama).configuration.tiedEmbeddings)
  }

  typealias Case = HostileGGUFTests.Case

  @Test(arguments: [
    Case("other architecture", "architecture `qwen2` is not supported", "general.architecture") {
      $0.set("general.architecture", .string("qwen2"))
    },
    Case("no architecture", "names no architecture", "general.architecture") { $0.metadata.removeFirst() },
    Case("rotary scaling", "rotary scaling", "llama.rope.scaling.type") {
      $0.set("llama.rope.scaling.type", .string("yarn"))
    },
    Case("linear scaling", "rotary scaling", "llama.rope.scale_linear") {
      $0.set("llama.rope.scale_linear", .float32(4))
    },
    Case("rotary factors", "no place in a Llama decoder", "rope_freqs.weight") {
      $0.tensors.append(.init("rope_freqs.weight", [8]))
    },
    Case("bias", "no place in a Llama decoder", "blk.0.attn_q.bias") {
      $0.tensors.append(.init("blk.0.attn_q.bias", [32]))
    },
    Case("partial rotary", "partial rotary", "llama.rope.dimension_count") {
      $0.set("llama.attention.key_length", .uint32(16))
      $0.set("llama.rope.dimension_count", .uint32(8))
    },
    Case("experts", "this kind of Llama model", "llama.expert_count") { $0.set("llama.expert_count", .uint32(8)) },
    Case("window", "this kind of Llama model", "sliding_window") {
      $0.set("llama.attention.sliding_window", .uint32(512))
    },
    Case("missing tensor", "a tensor is missing", "blk.0.ffn_up.weight") {
      $0.tensors.removeAll { $0.name == "blk.0.ffn_up.weight" }
    },
    Case("wrong shape", "wrong shape", "token_embd.weight") {
      $0.set("llama.embedding_length", .uint32(64))
    },
    Case("many layers", "impossible number of layers", "llama.block_count") {
      $0.set("llama.block_count", .uint32(1_000_000_000))
    },
    Case("zero heads", "not a positive integer", "llama.attention.head_count") {
      $0.set("llama.attention.head_count", .uint32(0))
    },
    Case("heads per layer", "not a positive integer", "llama.attention.head_count") {
      $0.set("llama.attention.head_count", .int32s([2]))
    },
    Case("odd groups", "not a multiple", "llama.attention.head_count_kv") {
      $0.set("llama.attention.head_count_kv", .uint32(3))
    },
    Case("vocabulary", "vocabulary sizes disagree", "llama.vocab_size") { $0.set("llama.vocab_size", .uint32(41)) },
    Case("epsilon", "not a positive number", "rms_epsilon") {
      $0.set("llama.attention.layer_norm_rms_epsilon", .float32(.nan))
    },
    Case("missing key", "a metadata key is missing", "llama.context_length") {
      $0.metadata.removeAll { $0.key == "llama.context_length" }
    },
  ])
  func `a model that the decoder could not honour is refused`(_ one: Case) throws {
    var builder = GGUFBuilder.tinyLlama
    one.change(&builder)
    let error = #expect(throws: UserError.self) { try model(builder) }
    #expect(error?.what.contains(one.what) == true, "\(String(describing: error))")
    #expect(error?.location?.contains(one.place) == true, "\(String(describing: error))")
    #expect(error?.exitCode == .badData)
  }

  @Test func `a packing that cannot be read is named with those that can`() throws {
    var builder = GGUFBuilder.tinyLlama
    builder.tensors[2] = .init("blk.0.attn_q.weight", [32, 32], type: 20, data: [UInt8](repeating: 0, count: 32 * 18))
    let model = try model(builder)
    let error = #expect(throws: UserError.self) {
      try model.tensor(named: "model.layers.0.self_attn.q_proj.weight", shape: [32, 32])
    }
    #expect(error?.what == "tensor type IQ4_NL cannot be read")
    #expect(error?.advice?.contains("Q5_K") == true)
  }

  private func model(_ builder: GGUFBuilder) throws -> GGUFModel {
    try GGUFModel(GGUFFile(path: "x.gguf", data: Data(builder.bytes)))
  }
}
