import Basics
import Foundation
import Kernels
import Language
import ModelFiles
import Objectives
import Policies

/// A trained reward or cost model with what it takes to use it.
///
/// A folder holds it: the model as Hugging Face Transformers reads it, `score_head.safetensors` with `weight` [1, hidden] and `bias`
/// [1], and `score.json` (``ScorerRecord``), which is written last.
public struct Scorer: ~Copyable, Sendable {
  public static let headFile = "score_head.safetensors"
  public static let recordFile = "score.json"

  public internal(set) var model: ScoreModel<LlamaPolicy<Float>>
  public let encoder: ChatEncoder
  public let record: ScorerRecord
  /// SHA-256 over the digests of the model, the head and the record.
  public let digest: String

  /// Reads a folder that ``save(_:encoder:record:to:)`` wrote. Its scores are those of the model that was saved, bit by bit.
  ///
  /// - Throws: ``UserError``: 66 when the folder is no score model, 65 when something in it is damaged.
  public init(loading folder: URL, workers: Int) throws {
    let recordURL = folder.appending(path: Self.recordFile)
    let text = try AtomicFile.read(
      recordURL, advice: "name a folder that `./bfpo train reward` or `./bfpo train cost` wrote")
    let record = try Self.record(text, at: recordURL.relativePath)
    let loaded = try loadModel(folder.path)
    let headURL = folder.appending(path: Self.headFile)
    let width = loaded.configuration.hiddenSize
    let file = try SafetensorsFile(headURL)
    guard let weight = try file.tensor(named: "weight", shape: [1, width]),
      let bias = try file.tensor(named: "bias", shape: [1])
    else {
      throw UserError(
        "the score head lacks a tensor", at: headURL.relativePath, because: "it needs `weight` and `bias`",
        exitCode: .badData)
    }
    guard (weight + bias).allSatisfy(\.isFinite) else {
      throw UserError(
        "the score head is not finite", at: headURL.relativePath, advice: "the file is damaged: train it again",
        exitCode: .badData)
    }
    let digest = SHA256.hex(
      of: "\(loaded.digest) \(try FileDigest.of(headURL)) \(SHA256.hex(of: Array(text)))")
    // Nothing is trained: with the final norm as the only tensor to train, no layer keeps what a backward pass would need.
    var base = try LlamaPolicy<Float>(
      loading: loaded.source, trainable: ["model.norm"], workers: workers, hiddenStates: nil)
    // The layers that its training left alone are run as they were then, text by text, for the same bits; a text is scored once.
    try base.adoptOwnTrunk(below: record.trainable, cache: HiddenStateCache(byteLimit: 0))
    self.model = ScoreModel(base: base, head: ScoreHead(weight: weight, bias: bias[0]))
    self.encoder = loaded.encoder
    self.record = record
    self.digest = digest
  }

  /// Writes a model to a folder.
  ///
  /// - Throws: ``UserError`` (73) when it cannot be written.
  public static func save(
    _ model: borrowing ScoreModel<LlamaPolicy<Float>>, encoder: ChatEncoder, record: ScorerRecord, to folder: URL
  ) throws {
    let origin = ["base_model_sha256": record.baseModel, "score_kind": record.kind.rawValue]
    try saveHuggingFaceFolder(
      to: folder, configuration: model.base.configuration, encoder: encoder, metadata: origin
    ) { write in
      try model.base.forEachTensor { name, _, values in try write(name, values) }
    }
    let head = model.head
    try writeSafetensors(
      to: folder.appending(path: headFile), tensors: [("weight", [1, head.weight.count]), ("bias", [1])],
      metadata: origin
    ) { write in
      try write("weight", head.weight)
      try write("bias", [head.bias])
    }
    try AtomicFile.write(
      try canonicalJSON(record, pretty: true) + "\n", to: folder.appending(path: recordFile))
  }

  /// The scores of conversations with a response, in tokens of ``encoder``.
  public borrowing func scores(_ queries: [TokenQuery]) -> [Double] { model.score(queries) }

  private static func record(_ data: Data, at place: String) throws -> ScorerRecord {
    let json = try JSONValue(parsing: data, source: place)
    if let schema = json["schema"]?.number, schema != Double(ScorerRecord.currentSchema) {
      throw UserError(
        "the score model has another layout", at: place,
        because: "schema \(schema), and this program reads \(ScorerRecord.currentSchema)",
        advice: "use the version of the program that wrote it, or train it again", exitCode: .badData)
    }
    do {
      return try json.decode(ScorerRecord.self)
    } catch {
      throw UserError("not the record of a score model", at: place, because: decodingReason(error), exitCode: .badData)
    }
  }
}
