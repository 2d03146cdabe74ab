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
  }

  /// In a process of its own with little address space: other tests use memory at the same time.
  @Test func `no memory is taken because a damaged number asks for it`() throws {
    let sound = GGUFBuilder.tinyLlama.bytes
    try withTemporaryFolder { folder in
      for (index, bytes) in mutations(of: sound, count: 120, headerEnd: sound.count / 2, seed: "memory").enumerated() {
        try Data(bytes).write(to: folder.appending(path: "\(index).gguf"))
      }
      let run = try runShell(
        """
        ulimit -v 2000000
        for file in *.gguf; do
          "$BFPO" model inspect "$file" >/dev/null 2>&1
          code=$?
          [ $code -eq 0 ] || [ $code -eq 65 ] || echo "$file: $code"
          echo "$code" >>codes
        done
        sort codes | uniq -c
        """, environment: ["OPENBLAS_NUM_THREADS": "1"], in: folder)
      #expect(!run.output.contains("gguf"), "\(run.output)")
      #expect(run.lines.last?.hasSuffix(" 65") == true, "\(run.output)")
    }
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
