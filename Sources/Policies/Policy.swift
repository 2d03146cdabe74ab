import Kernels

/// A distribution over responses given a prompt, with parameters that can be trained.
///
/// Log-probabilities go out, cotangents come back; a policy never sees a loss.
public protocol Policy: ~Copyable {
  /// A prompt together with one response to it.
  associatedtype Query: Sendable
  /// What a scored batch leaves behind for its pullback; reused from step to step.
  associatedtype Tape
  associatedtype Scalar: KernelScalar

  /// Threads that the policy uses, and that its optimiser may use; they change no result.
  var workers: Int { get }

  /// An empty tape.
  func makeTape() -> Tape

  /// log π(y|x) of each query, in nats, summed over the tokens of the response.
  ///
  /// - Returns: one value per query, [queries].
  borrowing func score(_ queries: [Query]) -> [Double]

  /// As ``score(_:)``, recording on `tape` what ``pullback(_:tape:into:)`` needs.
  borrowing func score(_ queries: [Query], tape: inout Tape) -> [Double]

  /// How to cut a training batch into passes of bounded memory: consecutive ranges of queries that are scored and pulled back one
  /// after the other. Adjacent queries with the same prompt stay together. Depends on the queries alone.
  borrowing func passes(of queries: [Query]) -> [Range<Int>]

  /// gradient += Σᵢ cotangentᵢ · ∇ log π(yᵢ|xᵢ) for the queries last scored on `tape`.
  ///
  /// - Parameters:
  ///   - cotangent: ∂loss/∂log π(yᵢ|xᵢ), [queries].
  ///   - gradient: a set made by ``zeroGradient()``; always accumulated, never overwritten.
  borrowing func pullback(_ cotangent: [Double], tape: inout Tape, into gradient: inout TensorSet<Scalar>)

  /// Number of response tokens of a query, end-of-turn included (1 for a tabular response).
  borrowing func tokenCount(_ query: Query) -> Int

  /// Zeros shaped like the trainable tensors.
  borrowing func zeroGradient() -> TensorSet<Scalar>

  /// Calls `update` once per trainable tensor, in the order of ``zeroGradient()``.
  mutating func updateTrainable(_ update: (_ index: Int, _ tensor: inout [Scalar]) -> Void)

  /// An independent copy (shares unchanged storage).
  borrowing func clone() -> Self
}

extension Policy where Self: ~Copyable {
  /// One, for a policy as small as a table.
  public var workers: Int { 1 }

  /// One pass, for a policy whose activations are small.
  public borrowing func passes(of queries: [Query]) -> [Range<Int>] { [0..<queries.count] }
}

/// A policy that cannot move: the reference. It scores and nothing else.
public struct Frozen<Base: Policy & ~Copyable>: ~Copyable {
  private let base: Base

  public init(_ base: consuming Base) { self.base = base }

  /// log π_ref(y|x) of each query, nats, summed over response tokens, [queries].
  public borrowing func score(_ queries: [Base.Query]) -> [Double] { base.score(queries) }
}
