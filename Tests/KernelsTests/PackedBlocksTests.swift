import Basics
import CMatrixEngine
import Kernels
import Synchronization
import Testing

/// A weight in the blocks of a file, and the numbers that these blocks stand for.
private struct StoredWeight {
  var format: BlockFormat
  var bytes: [UInt8] = []
  /// [out, in].
  var values: [Float] = []

  init(_ format: BlockFormat, outputs: Int, inputs: Int, seed: Int) {
    self.format = format
    var stream = SeedTree(seed).generator()
    for _ in 0..<outputs * inputs / 32 {
      let (d, m) = (Float16(stream.normal() * 0.01), Float16(stream.normal() * 0.1))
      append(half: d)
      switch format {
      case .eightBitsScaled:
        let q = (0..<32).map { _ in Int8(truncatingIfNeeded: stream.below(256)) }
        bytes += q.map(UInt8.init(bitPattern:))
        values += q.map { Float(d) * Float($0) }
      case .fourBitsScaled, .fourBitsAffine:
        if format == .fourBitsAffine { append(half: m) }
        let q = (0..<32).map { _ in UInt8(stream.below(16)) }
        bytes += (0..<16).map { q[$0] | q[$0 + 16] << 4 }
        values += q.map { format == .fourBitsAffine ? Float(d) * Float($0) + Float(m) : Float(d) * (Float($0) - 8) }
      }
    }
  }

  private mutating func append(half: Float16) {
    bytes += [UInt8(half.bitPattern & 255), UInt8(half.bitPattern >> 8)]
  }
}

@Suite("Weights in blocks", .enabled(if: MatrixEngine.packedSingle != nil, "needs AVX2"))
struct PackedBlocksTests {
  private func random(_ rows: Int, _ columns: Int, _ seed: Int) -> Matrix<Float> {
    var stream = SeedTree(seed).generator()
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  @Test(
    arguments: [BlockFormat.fourBitsScaled, .fourBitsAffine, .eightBitsScaled], [(64, 32), (200, 96), (130, 1600)])
  func `a product has the bits of the one with floats`(format: BlockFormat, shape: (Int, Int)) {
    let (outputs, inputs) = shape
    let stored = StoredWeight(format, outputs: outputs, inputs: inputs, seed: 3)
    for engine in [MatrixEngine.avx2, .avx512, .avx512BF16] where engine.isSupported {
      let weight = LinearWeight(stored.values, packs: WeightPacks(engine: engine))
      compare(DecodingWeightOwner(weight, shape: [outputs, inputs]), weight, [outputs, inputs])
      if engine.precision == .bfloat16 { continue }
      let blocks = PackedBlocks(format, stored.bytes.span, outputs: outputs, inputs: inputs, engine: engine)
      compare(DecodingWeightOwner(weight, shape: [outputs, inputs], blocks: blocks), weight, [outputs, inputs])
    }
    let plain = LinearWeight(stored.values)
    compare(DecodingWeightOwner(plain, shape: [outputs, inputs]), plain, [outputs, inputs])
  }

  private func compare(_ owner: DecodingWeightOwner<Float>, _ weight: LinearWeight<Float>, _ shape: [Int]) {
    let (outputs, inputs) = (shape[0], shape[1])
    let (decoding, memory) = (owner.addressed, WorkerInput<Float>())
    for rows in 1...35 {
      let x = random(rows, inputs, rows)
      memory.reshape(rows: rows, columns: inputs)
      let input = memory.input(stage: rows, rounding: decoding.needsRounding, x.tile)
      for (adding, range) in [(false, 0..<outputs), (true, 32..<outputs), (false, 32..<64)] {
        // More rows than the product has, which it must leave alone.
        let (expected, result) = (random(rows + 8, outputs, 9), random(rows + 8, outputs, 9))
        linear(x.tile, weight, outputs: range, into: expected.tile.rows(0..<rows).columns(range), adding: adding)
        decoding.multiply(input, outputs: range, into: result.tile.rows(0..<rows).columns(range), adding: adding)
        #expect(result.values == expected.values, "\(rows) rows, outputs \(range)")
      }
    }
  }

  @Test(
    .enabled(if: MatrixEngine.avx512BF16.isSupported, "needs AVX512-BF16"),
    arguments: [BlockFormat.fourBitsScaled, .fourBitsAffine, .eightBitsScaled], [(64, 32), (200, 96), (130, 1600)])
  func `in bfloat16 inputs are rounded and weights are not; a row does not depend on others`(
    format: BlockFormat, shape: (Int, Int)
  ) {
    let (outputs, inputs) = shape
    let stored = StoredWeight(format, outputs: outputs, inputs: inputs, seed: 4)
    let owner = DecodingWeightOwner(
      LinearWeight(stored.values, packs: WeightPacks(engine: .avx512BF16)), shape: [outputs, inputs],
      blocks: PackedBlocks(format, stored.bytes.span, outputs: outputs, inputs: inputs, engine: .avx512BF16))
    let (x, start) = (random(35, inputs, 1), random(43, outputs, 9))
    /// Some rows and outputs of what is there, with the product of so many rows of x in it.
    func product(_ rows: Range<Int>, _ range: Range<Int>, adding: Bool) -> Matrix<Float> {
      let (result, memory) = (Matrix(rows: 43, columns: outputs, start.values), WorkerInput<Float>())
      memory.reshape(rows: rows.count, columns: inputs)
      owner.addressed.multiply(
        memory.input(stage: 0, rounding: true, x.tile.rows(rows)), outputs: range,
        into: result.tile.rows(rows).columns(range), adding: adding)
      return result
    }
    #expect(owner.addressed.needsRounding)
    for (adding, range) in [(false, 0..<outputs), (true, 32..<outputs), (false, 32..<64)] {
      let expected = Matrix(rows: 43, columns: outputs, start.values)
      for row in 0..<35 {
        let own = product(row..<row + 1, range, adding: adding).tile.rows(row..<row + 1)
        expected.tile.rows(row..<row + 1).copy(from: own)
        for output in range {
          var (sum, size) = (adding ? Double(start.tile[row, output]) : 0, 0.0)
          for i in 0..<inputs {
            let term = Double(bfpo_rounded_to_half(x.tile[row, i])) * Double(stored.values[output * inputs + i])
            (sum, size) = (sum + term, size + abs(term))
          }
          #expect(abs(Double(own[0, output]) - sum) < 3e-6 * (size + 1), "[\(row), \(output)]")
        }
      }
      for rows in 2...35 {
        let result = product(0..<rows, range, adding: adding)
        for row in 0..<43 {
          let own = row < rows ? expected : start
          #expect(result.tile.rows(row..<row + 1).values == own.tile.rows(row..<row + 1).values, "\(rows), \(row)")
        }
      }
    }
  }

  @Test func `a product is the sum over the numbers of the blocks, rows in the stated order`() {
    let stored = StoredWeight(.fourBitsAffine, outputs: 70, inputs: 64, seed: 5)
    let order = (0..<70).map { UInt32(($0 * 29 + 3) % 70) }
    let engine = MatrixEngine.packedSingle!
    let blocks = PackedBlocks(.fourBitsAffine, stored.bytes.span, order: order, outputs: 70, inputs: 64, engine: engine)
    let owner = DecodingWeightOwner(
      LinearWeight(stored.values, packs: WeightPacks(engine: engine)), shape: [70, 64], blocks: blocks)
    let (x, y) = (random(3, 64, 1), random(3, 70, 2))
    let memory = WorkerInput<Float>()
    memory.reshape(rows: 3, columns: 64)
    withExtendedLifetime((owner, memory)) {
      owner.addressed.multiply(memory.input(stage: 0, rounding: false, x.tile), outputs: 0..<70, into: y.tile)
    }
    for row in 0..<3 {
      for output in 0..<70 {
        let expected = (0..<64).reduce(0.0) {
          $0 + Double(x.tile[row, $1]) * Double(stored.values[Int(order[output]) * 64 + $1])
        }
        #expect(abs(Double(y.tile[row, output]) - expected) < 1e-4)
      }
    }
  }
}

@Suite("Stages of tasks")
struct StagedTasksTests {
  @Test(arguments: [1, 2, 3, 7], [1, 2, 5])
  func `every unit runs once, after all units of the stages before`(workers: Int, grain: Int) {
    let counts = [3, 0, 1, 40, 2, 17, 1, 1, 5]
    let order = OrderLog()
    runStages(counts.map { TaskStage(units: $0, grain: grain) }, workers: workers) { worker, stage, units in
      precondition(worker >= 0 && worker < workers)
      for unit in units { order.add(stage, unit) }
    }
    let seen = order.all
    #expect(seen.count == counts.reduce(0, +))
    #expect(seen.map(\.0) == seen.map(\.0).sorted())
    for (stage, count) in counts.enumerated() {
      #expect(seen.filter { $0.0 == stage }.map(\.1).sorted() == Array(0..<count))
    }
  }

  @Test(arguments: [1, 2, 3, 16], [1, 2, 7])
  func `the tasks of all workers are every unit once, and begin at the grain`(workers: Int, grain: Int) {
    for units in [0, 1, 2, 5, 18, 30, 1536] {
      let stage = TaskStage(units: units, grain: grain)
      var seen: [Int] = []
      for worker in 0..<workers {
        var tasks: [Range<Int>] = []
        while let task = stage.task(tasks.count, of: worker, among: workers) { tasks.append(task) }
        #expect(tasks.dropFirst().allSatisfy { $0.lowerBound % grain == 0 })
        #expect(stage.task(tasks.count + 1, of: worker, among: workers) == nil)
        seen += tasks.joined()
      }
      #expect(seen == Array(0..<units))
    }
  }
}

/// What ran, in order.
private final class OrderLog: Sendable {
  private let entries = Mutex<[(Int, Int)]>([])

  func add(_ stage: Int, _ unit: Int) { entries.withLock { $0.append((stage, unit)) } }
  var all: [(Int, Int)] { entries.withLock(\.self) }
}
