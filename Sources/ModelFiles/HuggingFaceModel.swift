import Basics
import Foundation

/// A Llama-family model in a folder of Hugging Face's layout: `config.json` and one or several safetensors files.
public struct HuggingFaceModel: TensorSource, Sendable {
  public let configuration: LlamaConfiguration
  /// The files its weights are in, sorted by name.
  public let weightFiles: [URL]
  private let folder: URL
  private let files: [SafetensorsFile]
  /// Tensor name to its file.
  private let places: [String: Int]

  public func releasePages() { for file in files { file.file.releasePages() } }

  /// Opens a folder and checks that it holds exactly the tensors of a Llama decoder.
  ///
  /// - Throws: ``UserError`` (66) when a file is missing, (65) when one is damaged or describes another kind of model.
  public init(_ folder: URL) throws {
    self.folder = folder
    let config = folder.appending(path: "config.json")
    configuration = try llamaConfiguration(json: readJSON(config), source: config.relativePath)
    weightFiles = try weights(of: folder)
    files = try weightFiles.map { try SafetensorsFile($0) }
    var places: [String: Int] = [:]
    for (index, file) in files.enumerated() {
      for name in file.tensors.keys {
        if let other = places.updateValue(index, forKey: name) {
          throw file.file.error(
            "a tensor is in two files", in: "tensor `\(name)`", because: "it is in \(files[other].file.path) too")
        }
      }
    }
    self.places = places
    try check()
  }

  /// Element type, number of weights and bytes of every tensor in the files.
  public var storedTensors: [(type: String, weights: Int, bytes: Int)] {
    files.flatMap(\.tensors.values).map { ($0.type.rawValue, $0.shape.reduce(1, *), $0.range.count) }
  }

  /// What the weight files say about themselves.
  public var metadata: [String: String] { files.reduce(into: [:]) { $0.merge($1.metadata) { first, _ in first } } }

  public func tensor(named name: String, shape: [Int]) throws -> [Float] {
    guard let place = places[name], let elements = try files[place].tensor(named: name, shape: shape) else {
      throw UserError(
        "a tensor is missing", at: "\(folder.relativePath), tensor `\(name)`", because: "a Llama decoder needs it",
        advice: "the folder is incomplete or holds another kind of model", exitCode: .badData)
    }
    return elements
  }

  /// Every tensor is there in its shape, and none that this program would ignore.
  private func check() throws {
    let needed = configuration.tensors
    for tensor in needed {
      guard let place = places[tensor.name], let stored = files[place].tensors[tensor.name] else {
        _ = try self.tensor(named: tensor.name, shape: tensor.shape)
        return
      }
      guard stored.shape == tensor.shape else {
        throw files[place].file.error(
          "a tensor has the wrong shape", in: "tensor `\(tensor.name)`",
          because: "\(stored.shape), but config.json implies \(tensor.shape)")
      }
    }
    let known = Set(needed.map(\.name))
    for name in places.keys.sorted() where !known.contains(name) && !isHarmless(name) {
      throw files[places[name]!].file.error(
        "a tensor has no place in a Llama decoder", in: "tensor `\(name)`",
        because: "biases, experts and adapters would be ignored, and the results wrong",
        advice: "use a plain Llama-family model such as SmolLM2, with adapters merged")
    }
  }

  /// A copy of the tied embedding, or frequencies that are computed anyway.
  private func isHarmless(_ name: String) -> Bool {
    (name == "lm_head.weight" && configuration.tiedEmbeddings) || name.hasSuffix(".rotary_emb.inv_freq")
  }
}

/// The safetensors files of a folder: `model.safetensors`, or those its index names.
private func weights(of folder: URL) throws -> [URL] {
  let single = folder.appending(path: "model.safetensors")
  let index = folder.appending(path: "model.safetensors.index.json")
  if !FileManager.default.fileExists(atPath: index.path) {
    if FileManager.default.fileExists(atPath: single.path) { return [single] }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    let pickle = names.first { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }
    throw UserError(
      "the folder has no model.safetensors", at: folder.relativePath,
      because: pickle.map { "\($0) may carry code and is not read" },
      advice: "save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)",
      exitCode: .inputMissing)
  }
  let source = index.relativePath
  guard let map = try readJSON(index)["weight_map"]?.object else {
    throw UserError("the index has no `weight_map`", at: source, exitCode: .badData)
  }
  var names: Set<String> = []
  for (tensor, value) in map {
    guard let name = value.string, name.hasSuffix(".safetensors"), !name.contains("/"), !name.hasPrefix(".") else {
      throw UserError(
        "the index names something that is no safetensors file of this folder", at: "\(source), tensor `\(tensor)`",
        exitCode: .badData)
    }
    names.insert(name)
  }
  return names.sorted().map { folder.appending(path: $0) }
}

/// A JSON file of a model's folder.
package func readJSON(_ url: URL) throws -> JSONTree {
  let data = try AtomicFile.read(url, advice: "name a folder with config.json, *.safetensors and tokenizer.json")
  return try JSONTree(data.span, source: url.relativePath)
}
