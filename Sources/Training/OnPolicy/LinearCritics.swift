import Basics
import Objectives

/// The features that a linear critic reads: frozen, so that they are computed once for a batch.
public struct CriticFeatures: Sendable {
  /// Before each token of a response, [tokens][width].
  public var reward: [[Float]]
  public var cost: [[Float]]

  public init(reward: [[Float]], cost: [[Float]]) {
    self.reward = reward
    self.cost = cost
  }
}

/// Two linear read-outs of frozen features: what each stream is expected to bring from a token on.
///
///     V_t = w · h_t + b
///     w ← w − rate · Σ_i weight_i mean_t (∂L/∂V · h) / ‖h‖²,   ‖h‖² = Σ_i weight_i mean_t (h · h + 1)
///
/// The division makes `rate` the share of the error that one step takes away at an average token, whatever the features' scale: with
/// features that tell prompts apart and nothing else it is the rule of ``TabularCritics``.
///
/// Source: Safe RLHF's critics are whole models that start as the reward and the cost model (arXiv 2310.12773, code); these start as
/// their heads and leave the models under them as they are.
public struct LinearCritics<Query>: Critics {
  private var reward: CriticHead
  private var cost: CriticHead
  private let rate: Double
  private let features: (([Query]) throws -> [CriticFeatures])?

  /// - Parameters:
  ///   - reward, cost: (w, b) at first.
  ///   - features: of queries, [queries]; asked for several times in a step.
  public init(
    reward: (weight: [Double], bias: Double), cost: (weight: [Double], bias: Double), rate: Double,
    features: @escaping ([Query]) throws -> [CriticFeatures]
  ) {
    self.reward = CriticHead(weight: reward.weight, bias: reward.bias)
    self.cost = CriticHead(weight: cost.weight, bias: cost.bias)
    self.rate = rate
    self.features = features
  }

  public func values(_ queries: [Query]) throws -> [TokenStreams] {
    try read(queries).map {
      TokenStreams(reward: $0.reward.map(reward.value), cost: $0.cost.map(cost.value))
    }
  }

  public mutating func update(_ queries: [Query], derivatives: [TokenStreams], weights: [Double]) throws {
    let features = try read(queries)
    reward.update(features.map(\.reward), derivatives: derivatives.map(\.reward), weights: weights, rate: rate)
    cost.update(features.map(\.cost), derivatives: derivatives.map(\.cost), weights: weights, rate: rate)
  }

  public mutating func restore(_ saved: LinearCritics) { (reward, cost) = (saved.reward, saved.cost) }

  private func read(_ queries: [Query]) throws -> [CriticFeatures] {
    guard let features else { preconditionFailure("a critic that was read from a checkpoint lacks its features") }
    return try features(queries)
  }
}

/// The heads are saved; features are functions and are not.
extension LinearCritics: Codable {
  private enum CodingKeys: String, CodingKey { case reward, cost }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    reward = try container.decode(CriticHead.self, forKey: .reward)
    cost = try container.decode(CriticHead.self, forKey: .cost)
    rate = 0
    features = nil
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(reward, forKey: .reward)
    try container.encode(cost, forKey: .cost)
  }
}

private struct CriticHead: Codable {
  var weight: [Double]
  var bias: Double

  func value(_ features: [Float]) -> Double {
    precondition(features.count == weight.count, "\(features.count) features for a critic of width \(weight.count)")
    return zip(weight, features).reduce(bias) { $0 + $1.0 * Double($1.1) }
  }

  mutating func update(_ features: [[[Float]]], derivatives: [[Double]], weights: [Double], rate: Double) {
    var direction = CriticHead(weight: [Double](repeating: 0, count: weight.count), bias: 0)
    var scale = 0.0
    for (index, tokens) in features.enumerated() {
      let share = weights[index] / Double(tokens.count)
      for (t, vector) in tokens.enumerated() {
        let derivative = share * derivatives[index][t]
        var square = 1.0
        for (i, feature) in vector.enumerated() {
          let feature = Double(feature)
          direction.weight[i] += derivative * feature
          square += feature * feature
        }
        direction.bias += derivative
        scale += share * square
      }
    }
    guard scale > 0 else { return }
    for i in weight.indices { weight[i] -= rate * direction.weight[i] / scale }
    bias -= rate * direction.bias / scale
  }
}
