import Basics
import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct HuggingFaceModelTests {
  static let sizes = LlamaConfiguration(
    vocabularySize: 6, hiddenSize: 8, layerCount: 1, headCount: 2, keyValueHeadCount: 1, headSize: 4,
    feedForwardSize: 12, rmsNormEpsilon: 1e-6, ropeBase: 10000, contextLength: 2048, tiedEmbeddings: false)
  static let config = """
    {"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,\
    "intermediate_size":12,"vocab_size":6}
    """

  @Test func `absent keys have Transformers' defaults; one file or shards`() throws {
    for shards in [1, 3] {
      try withTemporaryFolder { folder in
        try write(folder, shards: shards)
        let model = try HuggingFaceModel(folder)
        #expect(model.configuration == Self.sizes)
        #expect(model.weightFiles.count == shards)
        for (index, tensor) in Self.sizes.tensors.enumerated() {
          let elements = try model.tensor(named: tensor.name, shape: tensor.shape)
          #expect(elements == values(index, tensor.shape))
        }
      }
    }
  }

  @Test(arguments: [
    (",\"model_type\":\"llama\"", "\"model_type\":\"qwen2\"", "model type `qwen2` is not supported"),
    ("", "\"hidden_act\":\"gelu\"", "not supported"), ("", "\"attention_bias\":true", "not supported"),
    ("", "\"mlp_bias\":true", "not supported"), ("", "\"quantization_config\":{}", "not supported"),
    ("", "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8}", "rotary scaling"),
    ("", "\"rope_scaling\":{\"factor\":8}", "rotary scaling"),
    ("", "\"rope_parameters\":{\"rope_type\":\"yarn\"}", "rotary scaling"),
    ("", "\"rope_parameters\":{\"rope_theta\":-1}", "not a positive number"),
    ("", "\"partial_rotary_factor\":0.5", "not supported"), ("", "\"head_dim\":3", "impossible heads"),
    ("", "\"head_dim\":8", "wrong shape"), ("", "\"tie_word_embeddings\":\"yes\"", ""),
    ("\"vocab_size\":6", "\"vocab_size\":0", "not a positive whole number"),
    ("\"hidden_size\":8", "\"hidden_size\":8.5", "not a positive whole number"),
    ("\"num_hidden_layers\":1", "\"num_hidden_layers\":1000000", "not a positive whole number"),
    ("\"num_hidden_layers\":1", "\"num_hidden_layers\":2", "a tensor is missing"),
    ("\"intermediate_size\":12", "\"other\":1", "missing"),
  ])
  func `settings the decoder could not honour are refused`(old: String, new: String, message: String) throws {
    var config = Self.config
    if old.isEmpty || !config.contains(old) {
      let key = new.prefix { $0 != ":" }
      config = String(config.dropLast()) + ",\(new)}"
      if key == "\"model_type\"" { config = config.replacing("\"model_type\":\"llama\",", with: "") }
    } else {
      config = config.replacing(old, with: new)
    }
    try withTemporaryFolder { folder in
      try write(folder, config: config)
      if message.isEmpty {
        #expect(throws: Never.self) { try HuggingFaceModel(folder) }
      } else {
        let error = #expect(throws: UserError.self) { try HuggingFaceModel(folder) }
        #expect(error?.what.contains(message) == true, "\(String(describing: error))")
        #expect(error?.exitCode == .badData)
      }
    }
  }

  @Test func `tensors without a place, pickles, escaping indices and missing files are refused`() throws {
    try withTemporaryFolder { folder in
      try write(folder, extra: [("model.layers.0.self_attn.q_proj.bias", [8])])
      #expect(throws: UserError.self) { try HuggingFaceModel(folder) }
    }
    try withTemporaryFolder { folder in
      try write(folder, extra: [("model.layers.0.self_attn.rotary_emb.inv_freq", [2])])
      #expect(throws: Never.self) { try HuggingFaceModel(folder) }
    }
    try withTemporaryFolder { folder in
      try write(folder)
      try FileManager.default.moveItem(
        at: folder.appending(path: "model.safetensors"), to: folder.appending(path: "pytorch_model.bin"))
      let error = #expect(throws: UserError.self) { try HuggingFaceModel(folder) }
      #expect(error?.exitCode == .inputMissing && error?.why?.contains("may carry code") == true)
    }
    for name in ["../model.safetensors", "/etc/passwd", ".hidden.safetensors", "absent.safetensors"] {
      try withTemporaryFolder { folder in
        try write(folder)
        let index = #"{"weight_map":{"lm_head.weight":"\#(name)"}}"#
        try Data(index.utf8).write(to: folder.appending(path: "model.safetensors.index.json"))
        #expect(throws: UserError.self, "\(name)") { try HuggingFaceModel(folder) }
      }
    }
  }

  private func values(_ index: Int, _ shape: [Int]) -> [Float] {
    (0..<shape.reduce(1, *)).map { Float($0) + Float(index) / 32 }
  }

  private func write(
    _ folder: URL, config: String = config, shards: Int = 1, extra: [(name: String, shape: [Int])] = []
  ) throws {
    try Data(config.utf8).write(to: folder.appending(path: "config.json"))
    let all = Self.sizes.tensors.enumerated().map { ($0.offset, $0.element.name, $0.element.shape) }
    var map: [String: String] = [:]
    for shard in 0..<shards {
      let file = shards == 1 ? "model.safetensors" : "model-0000\(shard).safetensors"
      let part = all.filter { $0.0 % shards == shard }
      let tensors = part.map { (name: $0.1, shape: $0.2) } + extra
      try writeSafetensors(to: folder.appending(path: file), tensors: tensors, metadata: [:]) { write in
        for (index, name, shape) in part { try write(name, values(index, shape)) }
        for (name, shape) in extra { try write(name, values(0, shape)) }
      }
      for (_, name, _) in part { map[name] = file }
    }
    if shards > 1 {
      let index = try canonicalJSON(["weight_map": map])
      try Data(index.utf8).write(to: folder.appending(path: "model.safetensors.index.json"))
    }
  }
}
