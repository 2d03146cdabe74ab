import Kernels

/// A linear read-out of a policy's features: one number for a query.
///
///     score = w · f + b
public struct ScoreHead<Scalar: KernelScalar>: Equatable, Sendable {
  /// w, [features].
  public var weight: [Scalar]
  /// b.
  public var bias: Scalar

  /// A head of zeros: every score is 0, so the first loss of a training is known.
  public init(width: Int) {
    weight = [Scalar](repeating: 0, count: width)
    bias = 0
  }

  public init(weight: [Scalar], bias: Scalar) {
    self.weight = weight
    self.bias = bias
  }

  /// The score of one feature vector [features], computed in Double.
  func score(_ features: ArraySlice<Double>) -> Double {
    precondition(features.count == weight.count, "\(features.count) features for a head of width \(weight.count)")
    return zip(weight, features).reduce(Double(bias)) { $0 + Double($1.0) * $1.1 }
  }
}

/// A model of rewards or costs: a policy's last hidden state at a response's last token (its end of turn), read by a linear head.
///
/// A score depends on nothing but the query: not on what else is in the batch, nor on the number of workers, beyond rounding.
/// Source: Dai et al. 2024, arXiv 2310.12773: a linear head hidden → 1 with bias, read at the end of the sequence.
public struct ScoreModel<Base: FeaturePolicy & ~Copyable>: ~Copyable {
  public var base: Base
  public var head: ScoreHead<Base.Scalar>

  /// What a scored batch leaves behind for its pullback.
  public struct Tape {
    var base: Base.Tape
    /// [queries, features].
    var features: [Double] = []
  }

  /// The gradient of the base's trainable tensors and of the head.
  public struct Gradient {
    public var base: TensorSet<Base.Scalar>
    public var head: ScoreHead<Base.Scalar>

    public mutating func setZero() {
      base.setZero()
      head = ScoreHead(width: head.weight.count)
    }

    /// √ Σ g² over the base's tensors and the head.
    public var globalNorm: Double {
      let own = head.weight.reduce(Double(head.bias) * Double(head.bias)) { $0 + Double($1) * Double($1) }
      let base = base.globalNorm()
      return (base * base + own).squareRoot()
    }
  }

  /// - Parameter head: a head of zeros when nil.
  public init(base: consuming Base, head: ScoreHead<Base.Scalar>? = nil) {
    let width = base.featureCount
    if let head {
      precondition(head.weight.count == width, "a head of width \(head.weight.count) for \(width) features")
    }
    self.base = base
    self.head = head ?? ScoreHead(width: width)
  }

  public borrowing func makeTape() -> Tape { Tape(base: base.makeTape()) }

  public borrowing func zeroGradient() -> Gradient {
    Gradient(base: base.zeroGradient(), head: ScoreHead(width: head.weight.count))
  }

  /// The score of a query with these features, [features].
  public borrowing func score(of features: [Double]) -> Double { head.score(features[...]) }

  /// The score of each query, [queries], recording on `tape` what ``pullback(_:tape:into:)`` needs.
  public borrowing func score(_ queries: [Base.Query], tape: inout Tape) -> [Double] {
    tape.features = base.features(queries, tape: &tape.base)
    let width = head.weight.count
    return queries.indices.map { head.score(tape.features[$0 * width..<($0 + 1) * width]) }
  }

  /// The score of each query, [queries], `batchSize` queries at a time.
  public borrowing func score(_ queries: [Base.Query], batchSize: Int = 8) -> [Double] {
    var tape = makeTape()
    var scores: [Double] = []
    scores.reserveCapacity(queries.count)
    for start in stride(from: 0, to: queries.count, by: batchSize) {
      scores += score(Array(queries[start..<min(start + batchSize, queries.count)]), tape: &tape)
    }
    return scores
  }

  /// gradient += Σᵢ cotangentᵢ · ∇ scoreᵢ for the queries last scored on `tape`.
  ///
  /// - Parameter cotangent: ∂loss/∂scoreᵢ, [queries].
  public borrowing func pullback(_ cotangent: [Double], tape: inout Tape, into gradient: inout Gradient) {
    let width = head.weight.count
    precondition(
      cotangent.count * width == tape.features.count,
      "\(cotangent.count) cotangents for \(tape.features.count / width) scores")
    var features = [Double](repeating: 0, count: tape.features.count)
    for (query, derivative) in cotangent.enumerated() {
      gradient.head.bias += Base.Scalar(derivative)
      for column in 0..<width {
        gradient.head.weight[column] += Base.Scalar(derivative * tape.features[query * width + column])
        features[query * width + column] = derivative * Double(head.weight[column])
      }
    }
    base.pullbackFeatures(features, tape: &tape.base, into: &gradient.base)
  }
}

extension ScoreModel: Sendable where Base: Sendable & ~Copyable {}
