/// Whether stated probabilities come true as often as they say: a reliability table and its summary.
///
///     ECE = Σ_b (n_b / n) · |mean outcome_b − mean probability_b|
///
/// Bins have equal widths; a probability on a border belongs to the bin above, the highest one to the last bin.
/// Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning".
public struct Calibration: Codable, Hashable, Sendable {
  public struct Bin: Codable, Hashable, Sendable {
    /// The probabilities the bin is for.
    public var low: Double
    public var high: Double
    public var count: Int
    /// Mean of the stated probabilities; absent from an empty bin.
    public var probability: Double?
    /// How often it happened; absent from an empty bin.
    public var frequency: Double?
  }

  public var bins: [Bin]
  public var count: Int
  /// The expected calibration error, in [0, 1]; 0 without predictions.
  public var expectedError: Double

  /// - Parameters:
  ///   - predictions: a probability within `range`, and what happened: 1, 0, or ½ for a tie.
  ///   - bins: how many bins.
  ///   - range: of the probabilities; [½, 1] when they are those of the likelier of two outcomes.
  public init(
    _ predictions: [(probability: Double, outcome: Double)], bins count: Int = 10, range: ClosedRange<Double> = 0...1
  ) {
    precondition(count > 0, "a reliability table needs a bin")
    let width = (range.upperBound - range.lowerBound) / Double(count)
    var sums = [(probability: Double, outcome: Double, n: Int)](repeating: (0, 0, 0), count: count)
    for prediction in predictions {
      precondition(range.contains(prediction.probability), "\(prediction.probability) is not in \(range)")
      let bin = min(count - 1, Int((prediction.probability - range.lowerBound) / width))
      sums[bin].probability += prediction.probability
      sums[bin].outcome += prediction.outcome
      sums[bin].n += 1
    }
    bins = sums.enumerated().map { index, sum in
      Bin(
        low: range.lowerBound + Double(index) * width, high: range.lowerBound + Double(index + 1) * width,
        count: sum.n, probability: sum.n == 0 ? nil : sum.probability / Double(sum.n),
        frequency: sum.n == 0 ? nil : sum.outcome / Double(sum.n))
    }
    self.count = predictions.count
    let total = sums.reduce(0) { $0 + abs($1.outcome - $1.probability) }
    expectedError = predictions.isEmpty ? 0 : total / Double(predictions.count)
  }
}
