import CVectorMath

/// σ(x) and σ(−x), softplus(x) and softplus(−x) = −log σ(x), of one exponential, without overflow for any finite x.
///
/// Computed in basic arithmetic, so that the bits depend neither on the processor nor on the C library; they are those of
/// ``sigmoid(_:)`` and ``softplus(_:)`` up to rounding. NaN in, NaN out.
public struct LogisticValues {
  public var sigmoid: Double
  public var sigmoidOfMinus: Double
  public var softplus: Double
  public var softplusOfMinus: Double

  @inlinable
  public init(sigmoid: Double, sigmoidOfMinus: Double, softplus: Double, softplusOfMinus: Double) {
    self.sigmoid = sigmoid
    self.sigmoidOfMinus = sigmoidOfMinus
    self.softplus = softplus
    self.softplusOfMinus = softplusOfMinus
  }

  public init(_ x: Double) {
    var block = InlineArray<40, Double>(repeating: x)
    var span = block.mutableSpan
    fillLogisticValues(&span, count: 8)
    sigmoid = span[8]
    sigmoidOfMinus = span[16]
    softplus = span[24]
    softplusOfMinus = span[32]
  }
}

/// ``LogisticValues`` of several numbers, the same bits; eight take hardly more time than one.
///
/// - Parameters:
///   - block: [5][n], n a multiple of 8: x, and then, which are written, σ(x), σ(−x), softplus(x), softplus(−x).
///   - count: of the first so many, and of some more to fill a vector.
public func fillLogisticValues(_ block: inout MutableSpan<Double>, count: Int) {
  let stride = block.count / 5
  precondition(
    block.count == 5 * stride && stride % 8 == 0 && (0...stride).contains(count), "\(count) of \(block.count) numbers")
  unsafe block.withUnsafeMutableBufferPointer { block in
    guard let x = block.baseAddress else { return }
    unsafe bfpo_logistic(x, (count + 7) / 8 * 8, stride)
  }
}
