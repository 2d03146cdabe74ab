import Kernels

/// A policy that gives and takes the log-probability of every response token, as learning from its own responses needs.
public protocol TokenPolicy: Policy, ~Copyable {
  /// log π(y_t|x, y_<t) of each response token, nats, [queries][tokens].
  borrowing func tokenLogProbabilities(_ queries: [Query]) -> [[Double]]

  /// As ``tokenLogProbabilities(_:)``, recording on `tape` what ``pullbackTokens(_:tape:into:)`` needs.
  ///
  /// - Returns: [queries][tokens].
  borrowing func scoreTokens(_ queries: [Query], tape: inout Tape) -> [[Double]]

  /// gradient += Σᵢₜ cotangentᵢₜ · ∇ log π(yᵢₜ|…) for the queries last scored on `tape`.
  ///
  /// - Parameter cotangent: ∂loss/∂log π(yᵢₜ|…), [queries][tokens].
  borrowing func pullbackTokens(_ cotangent: [[Double]], tape: inout Tape, into gradient: inout TensorSet<Scalar>)
}

/// A response of a table is one token.
extension TabularPolicy: TokenPolicy {
  public borrowing func tokenLogProbabilities(_ queries: [TabularQuery]) -> [[Double]] {
    score(queries).map { [$0] }
  }

  public borrowing func scoreTokens(_ queries: [TabularQuery], tape: inout Tape) -> [[Double]] {
    score(queries, tape: &tape).map { [$0] }
  }

  public borrowing func pullbackTokens(
    _ cotangent: [[Double]], tape: inout Tape, into gradient: inout TensorSet<Double>
  ) {
    pullback(cotangent.map { $0[0] }, tape: &tape, into: &gradient)
  }
}
