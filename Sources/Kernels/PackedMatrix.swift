import Basics
import CMatrixEngine

/// The right-hand side of products, [depth, columns], in the form that an engine reads fastest.
///
/// A reference type: several threads pack panels of one matrix, and passes share it.
public final class PackedMatrix: @unchecked Sendable {
  public let engine: MatrixEngine
  public private(set) var depth = 0
  public private(set) var columns = 0
  private var storage = TileStorage<Float>(capacity: 0)

  public init(engine: MatrixEngine) {
    precondition(engine != .openBLAS, "OpenBLAS packs for itself")
    self.engine = engine
  }

  /// Changes the shape; the contents are undefined afterwards. Memory is only ever enlarged.
  public func reshape(depth: Int, columns: Int) {
    self.depth = depth
    self.columns = columns
    let count = (bfpo_packed_size(engine.code, depth, columns) + 3) / 4
    if count > storage.capacity { storage = TileStorage(capacity: count) }
  }

  /// Blocks of columns that may be packed at once; a block is a whole number of panels.
  public var blocks: [Range<Int>] {
    stride(from: 0, to: columns, by: packingBlock).map { $0..<min($0 + packingBlock, columns) }
  }

  /// Packs all columns, or one of ``blocks``.
  ///
  /// - Parameters:
  ///   - source: [depth, columns], or [columns, depth] when `transposed`.
  ///   - scale: multiplies every element.
  public func pack(_ source: Tile<Float>, transposed: Bool, scale: Float = 1, block: Range<Int>? = nil) {
    let (rows, width) = transposed ? (source.columns, source.rows) : (source.rows, source.columns)
    precondition(rows == depth && width == columns, "[\(rows), \(width)] packed as [\(depth), \(columns)]")
    let block = block ?? 0..<columns
    let panel = Int(BFPO_PANEL)
    unsafe bfpo_pack(
      engine.code, source.base, source.stride, transposed ? 1 : 0, depth, columns, scale, block.lowerBound / panel,
      (block.upperBound + panel - 1) / panel, base)
  }

  var base: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(storage.base) }

  var address: PackedAddress {
    unsafe PackedAddress(engine: engine, depth: depth, columns: columns, base: UnsafeRawPointer(base))
  }
}

/// Where a packed matrix lies; valid while it lives and keeps its shape.
@safe
public struct PackedAddress: @unchecked Sendable {
  let engine: MatrixEngine
  let depth: Int
  let columns: Int
  fileprivate let base: UnsafeRawPointer

  fileprivate init(engine: MatrixEngine, depth: Int, columns: Int, base: UnsafeRawPointer) {
    self.engine = engine
    self.depth = depth
    self.columns = columns
    unsafe self.base = base
  }

  /// y (+)= x · some columns, from a multiple of 32 on.
  ///
  /// - Parameter x: [rows, depth].
  func multiply(_ x: Tile<Float>, columns range: Range<Int>, into y: Tile<Float>, adding: Bool) {
    var target = unsafe target((x.rows, x.columns), rows: 0..<depth, columns: range, into: y, adding: adding)
    unsafe run(x, transposed: false, engine, &target, count: 1)
  }

  /// A product as the engine takes it.
  ///
  /// - Parameters:
  ///   - shape: of the left-hand side.
  ///   - rows: those that belong to its columns.
  fileprivate func target(
    _ shape: (rows: Int, columns: Int), rows: Range<Int>, columns: Range<Int>, into y: Tile<Float>, adding: Bool
  ) -> bfpo_target {
    let panel = Int(BFPO_PANEL)
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= depth && rows.lowerBound % panel == 0 && columns.lowerBound >= 0
        && columns.upperBound <= self.columns && columns.lowerBound % panel == 0,
      "rows \(rows) and columns \(columns) of a packed [\(depth), \(self.columns)]")
    precondition(
      rows.count == shape.columns && y.rows == shape.rows && y.columns == columns.count,
      "[\(shape.rows), \(shape.columns)] times rows \(rows), columns \(columns) into [\(y.rows), \(y.columns)]")
    return unsafe bfpo_target(
      packed: base, depth: depth, row: rows.lowerBound, column: columns.lowerBound, columns: columns.count, c: y.base,
      stride: y.stride, accumulate: adding ? 1 : 0)
  }
}

private let packingBlock = 256

/// Where one of several products of the same left-hand side goes.
package struct PackedTarget {
  let packed: PackedMatrix
  /// The rows of the packed matrix that belong to the left-hand side's columns; the first is a multiple of 32.
  let rows: Range<Int>
  /// The first is a multiple of 32.
  let columns: Range<Int>
  /// [rows, columns].
  let result: Tile<Float>
  let adding: Bool

  package init(
    _ packed: PackedMatrix, rows: Range<Int>? = nil, columns: Range<Int>? = nil, into result: Tile<Float>,
    adding: Bool = false
  ) {
    self.packed = packed
    self.rows = rows ?? 0..<packed.depth
    self.columns = columns ?? 0..<packed.columns
    self.result = result
    self.adding = adding
  }
}

/// result (+)= op(a) · packed for each target; a is brought into the engine's form once.
///
/// - Parameter a: op(a) is [rows, depth].
package func multiply(_ a: Tile<Float>, transposed: Bool = false, _ targets: [PackedTarget]) {
  guard let engine = targets.first?.packed.engine else { return }
  unsafe withUnsafeTemporaryAllocation(of: bfpo_target.self, capacity: targets.count) { buffer in
    for (index, target) in targets.enumerated() {
      unsafe buffer.initializeElement(at: index, to: target.checked(a, transposed: transposed, engine))
    }
    unsafe run(a, transposed: transposed, engine, buffer.baseAddress!, count: targets.count)
  }
}

/// One product alone, without an array.
package func multiply(_ a: Tile<Float>, transposed: Bool = false, _ target: PackedTarget) {
  let engine = target.packed.engine
  var c = unsafe target.checked(a, transposed: transposed, engine)
  unsafe run(a, transposed: transposed, engine, &c, count: 1)
}

private func run(
  _ a: Tile<Float>, transposed: Bool, _ engine: MatrixEngine, _ targets: UnsafePointer<bfpo_target>, count: Int
) {
  let (rows, depth) = transposed ? (a.columns, a.rows) : (a.rows, a.columns)
  if rows == 0 { return }
  unsafe bfpo_products(engine.code, rows, depth, a.base, a.stride, transposed ? 1 : 0, targets, count)
}

extension PackedTarget {
  /// As the engine takes it, for a product with a.
  fileprivate func checked(_ a: Tile<Float>, transposed: Bool, _ engine: MatrixEngine) -> bfpo_target {
    precondition(packed.engine == engine, "operands packed for \(packed.engine) and \(engine)")
    return unsafe packed.address.target(
      transposed ? (a.columns, a.rows) : (a.rows, a.columns), rows: rows, columns: columns, into: result, adding: adding
    )
  }
}
