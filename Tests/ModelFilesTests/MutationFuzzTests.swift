import Basics
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Thousands of damaged files: nothing but a `UserError`, no crash, and no memory beyond the file's size.
@Suite struct MutationFuzzTests {
  @Test func `damaged GGUF files`() throws {
    var builder = GGUFBuilder.tinyLlama
    builder.set("tokenizer.ggml.tokens", .strings((0..<40).map { "t\($0)" }))
    builder.set("tokenizer.ggml.token_type", .int32s([Int32](repeating: 1, count: 40)))
    let sound = builder.bytes
    let dataSize = builder.tensors.reduce(0) { $0 + $1.data.count }
    var refused = 0
    for (index, bytes) in mutations(of: sound, count: 3000, headerEnd: sound.count - dataSize, seed: "gguf")
      .enumerated()
    {
      do {
        let model = try GGUFModel(GGUFFile(path: "x.gguf", data: Data(bytes)))
        for tensor in model.configuration.tensors { _ = try model.tensor(named: tensor.name, shape: tensor.shape) }
        for value in model.file.metadata.values {
          guard let array = value.array else { continue }
          _ = try model.file.strings(array)
          _ = try model.file.integers(array)
        }
      } catch let error as UserError {
        refused += 1
        #expect(error.exitCode == .badData && error.location?.hasPrefix("x.gguf") == true, "mutation \(index)")
      }
    }
    #expect(refused > 1500)
    #expect(peakMemory() < 1 << 30, "the reader allocated by hostile numbers")
  }

  @Test func `damaged safetensors files`() throws {
    let sound = try safetensorsBytes([("a", [4, 8]), ("b.weight", [16]), ("c", [])])
    var refused = 0
    for (index, bytes) in mutations(of: sound, count: 3000, headerEnd: 240, seed: "safetensors").enumerated() {
      do {
        let file = try SafetensorsFile(path: "x.safetensors", data: Data(bytes))
        _ = try file.tensor(named: "a", shape: [4, 8])
      } catch let error as UserError {
        refused += 1
        #expect(error.exitCode == .badData && error.location?.hasPrefix("x.safetensors") == true, "mutation \(index)")
      }
    }
    #expect(refused > 1500)
  }

  /// Copies with one to four changes in the header: a byte, a bit, a number's bytes, a cut, a piece left out or doubled.
  private func mutations(of sound: [UInt8], count: Int, headerEnd: Int, seed: String) -> [[UInt8]] {
    var random = SeedTree(20_251).child(seed).generator()
    let extremes: [[UInt8]] = [
      little(UInt64.max), little(UInt64(1) << 63), little(UInt64(1) << 40), little(UInt32.max), little(UInt32(1) << 31),
      little(UInt64(0)), [0xff], [0x22], [0x7d],
    ]
    return (0..<count).map { _ in
      var bytes = sound
      for _ in 0...random.below(4) {
        let at = random.below(min(headerEnd, bytes.count - 8))
        switch random.below(7) {
        case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[at] ^= 1 << UInt8(random.below(8))
        case 2, 3:
          let extreme = extremes[random.below(extremes.count)]
          bytes.replaceSubrange(at..<min(at + extreme.count, bytes.count), with: extreme)
        case 4: bytes.removeSubrange(at..<min(at + 1 + random.below(16), bytes.count))
        case 5: bytes.insert(contentsOf: bytes[at..<min(at + 1 + random.below(16), bytes.count)], at: at)
        default: if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count - 16)) }
        }
        if bytes.count < 32 { break }
      }
      return bytes
    }
  }
}

/// The most memory this process has ever held, bytes.
private func peakMemory() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
  return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
}
