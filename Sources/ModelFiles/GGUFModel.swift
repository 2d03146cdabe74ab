import Basics
import Foundation

/// A Llama-family model in a GGUF file, its weights dequantised to float32 when asked for.
///
/// Names and layout are Hugging Face's; the rows of Q and K are brought to rotate-half order.
public struct GGUFModel: TensorSource, Sendable {
  public let file: GGUFFile
  public let configuration: LlamaConfiguration
  private let tensors: [String: TensorDescription]

  /// Opens a file and checks that it holds exactly the tensors of a Llama decoder.
  ///
  /// - Throws: ``UserError`` (66) when it is missing, (65) when it is damaged or another kind of model.
  public init(_ url: URL) throws { try self.init(GGUFFile(url)) }

  public init(_ file: GGUFFile) throws {
    self.file = file
    configuration = try llamaConfiguration(of: file)
    let needed = configuration.tensors
    for tensor in needed {
      guard let stored = file.tensor(named: tensor.ggufName) else {
        throw file.error(
          "a tensor is missing", in: "tensor `\(tensor.ggufName)`", because: "a Llama decoder needs it",
          advice: "the file is incomplete or another kind of model")
      }
      guard stored.shape == tensor.shape else {
        throw file.error(
          "a tensor has the wrong shape", in: "tensor `\(stored.name)`",
          because: "\(stored.shape), but the metadata imply \(tensor.shape)")
      }
    }
    let known = Set(needed.map(\.ggufName))
    if let extra = file.tensors.first(where: { !known.contains($0.name) }) {
      throw file.error(
        "a tensor has no place in a Llama decoder", in: "tensor `\(extra.name)`",
        because: "biases, rotary factors, experts and adapters would be ignored, and the results wrong",
        advice: "use a plain Llama-family model such as SmolLM2")
    }
    tensors = Dictionary(uniqueKeysWithValues: needed.map { ($0.name, $0) })
  }

  public func tensor(named name: String, shape: [Int]) throws -> [Float] {
    guard let tensor = tensors[name], let stored = file.tensor(named: tensor.ggufName) else {
      throw file.error("no such tensor", in: "tensor `\(name)`")
    }
    guard tensor.shape == shape else {
      throw file.error(
        "a tensor has another shape", in: "tensor `\(name)`", because: "\(tensor.shape), expected \(shape)")
    }
    let elements = try file.elements(of: stored)
    guard let heads = tensor.rotaryHeads else { return elements }
    return rotateHalfOrder(elements, rows: shape[0], heads: heads)
  }

  public func blocks(named name: String) -> QuantisedMatrix? {
    guard let tensor = tensors[name], tensor.shape.count == 2, let stored = file.tensor(named: tensor.ggufName),
      let packing = stored.type.quantisation, [.q4Scaled, .q4Affine, .q8Scaled].contains(packing)
    else { return nil }
    return QuantisedMatrix(
      packing: packing, rows: tensor.shape[0], columns: tensor.shape[1], bytes: file.bytes(of: stored),
      order: tensor.rotaryHeads.map { rotateHalfRows(tensor.shape[0], heads: $0).map(UInt32.init) })
  }
}
