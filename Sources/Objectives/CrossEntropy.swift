import Basics

/// Cross-entropy of a classifier's softmax with the right class, and its derivative.
///
///     L = log Σ_j e^{z_j} − z_t        ∂L/∂z_j = softmax(z)_j − 1[j = t]
///
/// - Parameters:
///   - logits: z, [classes].
///   - target: t, the right class.
/// - Returns: the loss in nats, and its derivative by each logit, [classes].
public func softmaxCrossEntropy(_ logits: [Double], target: Int) -> (loss: Double, derivative: [Double]) {
  precondition(logits.indices.contains(target), "class \(target) of \(logits.count)")
  var derivative = softmax(logits)
  derivative[target] -= 1
  return (logSumExp(logits) - logits[target], derivative)
}
