import Basics
import Foundation
import Kernels
import Training

/// The states of a cell's stages on disk, so that a killed cell goes on where it was and ends with the same bytes.
///
///     stage-<index>.checkpoint = magic | length of the header (8 bytes) | header (JSON) | tensors (little-endian) | SHA-256 (64 digits)
///
/// A file is replaced as a whole. One that is damaged, or of another cell, is passed over: the stage begins again.
struct CheckpointFolder {
  private let folder: URL
  private let identity: String
  private let clock = ContinuousClock()

  /// Seconds between two saves of a run that is not stopped.
  static let interval = 60.0
  private static let magic = Array("BFPOSAV1".utf8)

  init(_ folder: URL, cell: CellConfiguration) throws {
    self.folder = folder
    identity = try cell.identity()
  }

  /// How a stage is saved: about once a minute, when it is stopped, and at its end where other stages follow.
  func checkpointing<Scalar: KernelScalar>(
    stage: Int, of count: Int, steps: Int
  ) throws -> Checkpointing<Scalar> {
    let url = folder.appendingPathComponent("stage-\(stage).checkpoint")
    let restored: TrainingState<Scalar>? = read(url)
    let isLast = stage + 1 == count
    var saved = clock.now
    return Checkpointing(
      restored: restored,
      isDue: { step in
        step == steps ? !isLast : seconds(clock.now - saved) >= Self.interval
      },
      save: { state in
        try write(state, to: url)
        saved = clock.now
      })
  }

  private struct Header: Codable {
    var cell: String
    var step: Int
    var optimiserSteps: Int
    var scalarBytes: Int
    /// Elements of each tensor; parameters and both moments have them alike.
    var counts: [Int]
    var memory: JSONValue
  }

  private func write<Scalar: KernelScalar>(_ state: TrainingState<Scalar>, to url: URL) throws {
    let header = Header(
      cell: identity, step: state.step, optimiserSteps: state.optimiserSteps,
      scalarBytes: MemoryLayout<Scalar>.size, counts: state.parameters.map(\.count), memory: state.memory)
    let text = Array(try canonicalJSON(header).utf8)
    try AtomicFile.write(to: url) { handle in
      var hash = SHA256()
      func append(_ data: Data) throws {
        hash.update(data)
        try handle.write(contentsOf: data)
      }
      try append(Data(Self.magic + (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text))
      for tensors in [state.parameters, state.firstMoments, state.secondMoments] {
        for tensor in tensors { try append(unsafe tensor.withUnsafeBytes { unsafe Data($0) }) }
      }
      try handle.write(contentsOf: Data(hash.finalize().utf8))
    }
  }

  private func read<Scalar: KernelScalar>(_ url: URL) -> TrainingState<Scalar>? {
    guard let data = try? Data(contentsOf: url, options: .mappedIfSafe), data.count > 16 + 64,
      Array(data.prefix(8)) == Self.magic
    else { return nil }
    var hash = SHA256()
    hash.update(data.dropLast(64))
    guard Array(hash.finalize().utf8) == Array(data.suffix(64)) else { return nil }
    let length = data[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard let header = try? JSONDecoder().decode(Header.self, from: data[16..<(16 + length)]),
      header.cell == identity, header.scalarBytes == MemoryLayout<Scalar>.size
    else { return nil }
    var position = 16 + length
    func tensors() -> [[Scalar]] {
      header.counts.map { count in
        let bytes = data[position..<(position + count * header.scalarBytes)]
        position += bytes.count
        return unsafe [Scalar](unsafeUninitializedCapacity: count) { buffer, initialised in
          unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
          initialised = count
        }
      }
    }
    return TrainingState(
      step: header.step, parameters: tensors(), firstMoments: tensors(), secondMoments: tensors(),
      optimiserSteps: header.optimiserSteps, memory: header.memory)
  }
}
