/// What SafeDPO and BSO make of a pair in helpfulness order before they learn from it: a safe response is never rejected in favour
/// of an unsafe one.
///
/// | chosen | rejected | becomes |
/// |--------|----------|---------|
/// | safe   | safe     | the same pair |
/// | safe   | unsafe   | the same pair, with an offset |
/// | unsafe | safe     | the swapped pair, with an offset |
/// | unsafe | unsafe   | nothing, or the same pair |
///
/// Source: arXiv 2505.20065, section 4.
struct SafetyTransform {
  /// 1 for the pair as it is, −1 for the swapped one: the factor of the margin h.
  let sign: Double
  /// u_l − u_w after the transform, u = 1 for unsafe: 1 when safe stands over unsafe, else 0.
  let offset: Double

  /// Nil for a pair that is left out. Both flags must be known.
  init?(_ label: PairLabel, keepUnsafePairs: Bool) {
    guard let chosenSafe = label.chosenSafe, let rejectedSafe = label.rejectedSafe else {
      preconditionFailure("the safety transform needs both safety flags, got \(label)")
    }
    if !chosenSafe, !rejectedSafe, !keepUnsafePairs { return nil }
    sign = !chosenSafe && rejectedSafe ? -1 : 1
    offset = chosenSafe == rejectedSafe ? 0 : 1
  }
}

extension SafetyTransform {
  /// The transformed pair's z = τh − offset·`shift`, a function of the margin of the pair as it is.
  func logit(margin h: Double, tau: Double, shift: Double) -> Double { sign * tau * h - offset * shift }

  /// The loss of a function of the transformed pair's logit z = τh − offset·`shift`.
  ///
  /// - Parameter loss: the loss of z and its derivative by z.
  func evaluate(margin h: Double, tau: Double, shift: Double, loss: (Double) -> MarginEvaluation) -> MarginEvaluation {
    loss(logit(margin: h, tau: tau, shift: shift)).times(slope: sign * tau)
  }
}
