/// Generalised advantage estimation over the tokens of one response.
///
///     δ_t = r_t + γ V_{t+1} − V_t        A_t = δ_t + γλ A_{t+1}        V and A after the last token are 0
///
/// The return that the critic learns is A_t + V_t. For a response of one token A = r − V whatever λ is.
///
/// - Parameters:
///   - rewards: r_t, [tokens].
///   - values: V_t, [tokens].
///   - discount: γ.
///   - decay: λ of GAE; 0 is one-step, 1 is Monte Carlo.
/// - Returns: A_t, [tokens].
///
/// Source: Schulman et al. 2016, arXiv 1506.02438, equation 16.
public func generalisedAdvantages(rewards: [Double], values: [Double], discount: Double, decay: Double) -> [Double] {
  precondition(rewards.count == values.count, "\(rewards.count) rewards and \(values.count) values")
  var advantages = rewards
  var next = (value: 0.0, advantage: 0.0)
  for t in rewards.indices.reversed() {
    let error = rewards[t] + discount * next.value - values[t]
    advantages[t] = error + discount * decay * next.advantage
    next = (values[t], advantages[t])
  }
  return advantages
}
