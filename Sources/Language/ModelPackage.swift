import Basics
import Foundation
import ModelFiles

/// A model's files, opened but not read: a GGUF file, or a folder in Hugging Face's layout.
public enum ModelPackage: Sendable {
  case gguf(GGUFFile, URL)
  case folder(URL)

  /// - Throws: ``UserError`` (66) when there is nothing there, (65) when it is neither.
  public init(_ url: URL) throws {
    var isFolder: ObjCBool = false
    _ = unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    if isFolder.boolValue { self = .folder(url) } else { self = .gguf(try GGUFFile(url), url) }
  }

  public var url: URL {
    switch self {
    case .gguf(_, let url), .folder(let url): url
    }
  }

  /// The weights.
  public func source() throws -> any TensorSource & Sendable {
    switch self {
    case .gguf(let file, _): try GGUFModel(file)
    case .folder(let url): try HuggingFaceModel(url)
    }
  }

  public func tokenizer() throws -> Tokenizer {
    switch self {
    case .gguf(let file, _): return try Tokenizer(file)
    case .folder(let url):
      let settings = try tokenizerSettings(url)
      return try Tokenizer(
        huggingFace: url.appending(path: "tokenizer.json"), beginningOfText: spelling("bos_token", settings),
        endOfText: spelling("eos_token", settings), padding: spelling("pad_token", settings))
    }
  }

  /// The Jinja text of the model's chat template and where it stands; nil when it has none.
  public func chatTemplateText() throws -> (text: String, place: String)? {
    switch self {
    case .gguf(let file, _):
      let key = "tokenizer.chat_template"
      return file.metadata[key]?.string.map { ($0, "\(file.path), key `\(key)`") }
    case .folder(let url):
      let own = url.appending(path: "chat_template.jinja")
      if FileManager.default.fileExists(atPath: own.path) {
        return (String(decoding: try AtomicFile.read(own), as: UTF8.self), own.relativePath)
      }
      let place = "\(url.appending(path: "tokenizer_config.json").relativePath), key `chat_template`"
      let template = try tokenizerSettings(url)?["chat_template"]
      if let text = template?.string { return (text, place) }
      let named = template?.array?.first { $0["name"]?.string == "default" }
      return named?["template"]?.string.map { ($0, place) }
    }
  }

  /// The template a person chose, else the model's own.
  ///
  /// - Throws: ``UserError`` (65) when the model has none or an unknown one and nothing was chosen.
  public func template(chosen choice: String? = nil) throws -> ChatTemplate {
    if let choice { return try ChatTemplate(chosen: choice) }
    if let (text, place) = try chatTemplateText() { return try .recognised(jinja: text, source: place) }
    throw UserError(
      "the model has no chat template", at: url.relativePath, because: "it is probably a base model",
      advice: ChatTemplate.advice, exitCode: .badData)
  }

  /// SHA-256 of the file; of a folder, of the names and digests of everything that decides results.
  public func digest() throws -> String {
    switch self {
    case .gguf(_, let url): return try FileDigest.of(url)
    case .folder(let url):
      let names = ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
      let files = try HuggingFaceModel(url).weightFiles + names.map { url.appending(path: $0) }
      var hash = SHA256()
      for file in files where FileManager.default.fileExists(atPath: file.path) {
        hash.update(Array("\(file.lastPathComponent) \(try FileDigest.of(file))\n".utf8))
      }
      return hash.finalize()
    }
  }
}

/// `tokenizer_config.json`, when the folder has it.
private func tokenizerSettings(_ folder: URL) throws -> JSONTree? {
  let url = folder.appending(path: "tokenizer_config.json")
  return FileManager.default.fileExists(atPath: url.path) ? try readJSON(url) : nil
}

/// A token named in the settings, as a string or as an object with `content`.
private func spelling(_ key: String, _ settings: JSONTree?) -> String? {
  settings?[key]?.string ?? settings?[key]?["content"]?.string
}
