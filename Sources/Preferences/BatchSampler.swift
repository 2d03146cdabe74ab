import Basics
import Synchronization

/// How a batch's rows are drawn from a stream of rows.
public enum BatchMode: String, NamedChoice {
  /// Every row of every batch is drawn independently and uniformly.
  case withReplacement
  /// Every row once per epoch in a fresh random order. A batch that reaches the end of an epoch goes on into the next, so that
  /// every batch is full; across any whole number of epochs every row appears equally often.
  case epochs
  /// The rows in the order they stand in, again and again: what a comparison with another program needs.
  case inOrder
}

/// The rows of every batch of one stream, as a function of the step alone: nothing has to be saved to resume.
///
///     withReplacement:  row i of step s  =  the i-th draw of seed/batch/s from 0..<count
///     epochs:           row i of step s  =  order_e[p mod count],  p = s·batchSize + i,  e = p div count,
///                       order_e          =  the permutation of seed/epoch/e
///     inOrder:          row i of step s  =  p mod count
///
/// A stream that is exhausted starts again, as the helpfulness buffer of BFPO's Algorithm 1 does.
/// Source: Zhang, Torr, Elhoseiny, Bibi 2025 (arXiv 2408.15313), Algorithm 1.
public struct BatchSampler: Sendable {
  public let count: Int
  public let batchSize: Int
  public let mode: BatchMode
  /// Of the batches drawn with replacement.
  let seed: SeedTree
  /// Orders already worked out; a memo of a pure function, so copies may share it.
  private let orders: EpochOrders

  /// - Parameters:
  ///   - count: rows in the stream, at least one.
  ///   - batchSize: rows per batch, at least one; it may exceed `count`.
  public init(count: Int, batchSize: Int, mode: BatchMode, seed: SeedTree) {
    precondition(count > 0, "a stream needs at least one row, got \(count)")
    precondition(batchSize > 0, "a batch needs at least one row, got \(batchSize)")
    self.count = count
    self.batchSize = batchSize
    self.mode = mode
    self.seed = seed.child("batch")
    orders = EpochOrders(count: count, seed: seed.child("epoch"))
  }

  /// The row numbers [batchSize] of the batch at a step, counted from 0.
  public func indices(step: Int) -> [Int] {
    var rows = [Int](repeating: 0, count: batchSize)
    write(step: step, to: &rows)
    return rows
  }

  /// Writes the row numbers of the batch at a step, counted from 0, over `rows` [batchSize], and takes no memory for it.
  public func write(step: Int, to rows: inout [Int]) {
    precondition(step >= 0, "steps are counted from 0, got \(step)")
    precondition(rows.count == batchSize, "room for \(rows.count) rows of \(batchSize)")
    var rows = rows.mutableSpan
    switch mode {
    case .withReplacement:
      var random = seed.child(step).generator()
      random.fill(&rows, below: count)
    case .epochs:
      orders.write(from: step * batchSize, to: &rows)
    case .inOrder:
      for i in 0..<rows.count { rows[i] = (step * batchSize + i) % count }
    }
  }

  /// Steps after which at least `epochs` passes over the stream are complete: ⌈epochs · count / batchSize⌉.
  public func steps(forEpochs epochs: Int) -> Int { (epochs * count + batchSize - 1) / batchSize }
}

/// The permutation of each epoch, the latest one kept.
private final class EpochOrders: Sendable {
  private let count: Int
  private let seed: SeedTree
  private let latest = Mutex<(epoch: Int, order: [Int])>((-1, []))

  init(count: Int, seed: SeedTree) {
    self.count = count
    self.seed = seed
  }

  /// The rows from `start` on of the endless sequence order₀ ++ order₁ ++ …, as many as there is room for.
  func write(from start: Int, to rows: inout MutableSpan<Int>) {
    latest.withLock { latest in
      for i in 0..<rows.count {
        let (epoch, offset) = (start + i).quotientAndRemainder(dividingBy: count)
        if latest.epoch != epoch {
          var random = seed.child(epoch).generator()
          latest = (epoch, random.permutation(count))
        }
        rows[i] = latest.order[offset]
      }
    }
  }
}
