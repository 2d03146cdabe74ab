import Kernels

/// A policy that forms features of a query which something beside the policy can read: a language model's hidden state, for one.
///
/// A table has none. As with log-probabilities, features go out and cotangents come back.
public protocol FeaturePolicy: Policy, ~Copyable {
  /// Features of one query.
  var featureCount: Int { get }

  /// The features of each query after its last token, [queries, featureCount] row-major, recording on `tape` what
  /// ``pullbackFeatures(_:tape:into:)`` needs. The tape's last scores are forgotten.
  borrowing func features(_ queries: [Query], tape: inout Tape) -> [Double]

  /// gradient += Σᵢⱼ cotangentᵢⱼ · ∇ featureⱼ(queryᵢ) for the queries whose features were last recorded on `tape`.
  ///
  /// - Parameters:
  ///   - cotangent: ∂loss/∂feature, [queries, featureCount] row-major.
  ///   - gradient: a set made by ``Policy/zeroGradient()``; always accumulated, never overwritten.
  borrowing func pullbackFeatures(_ cotangent: [Double], tape: inout Tape, into gradient: inout TensorSet<Scalar>)
}
