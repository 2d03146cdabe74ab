import Basics
import Language
import Preferences

/// An experiment's comparisons as token ids, after dropping and splitting, with digests of exactly what is trained and judged on.
struct PreparedData: Sendable {
  var train: [Comparison<TokenQuery>]
  var buffer: [Comparison<TokenQuery>]
  /// `helpfulness` and `safety`, in this order; empty when nothing is evaluated.
  var judges: [(name: String, judge: ImplicitRewardJudge<TokenQuery>)] = []
  /// How replies are collected, and the prompts they answer.
  let rollouts: RolloutSpec
  let rolloutPrompts: [[Int32]]
  /// Prompts whose replies are judged; empty without judges.
  let judgePrompts: [[Int32]]
  private let judgeSpec: JudgesSpec?
  /// One line a data set: rows read, dropped by reason, kept.
  var summary: [String] = []

  /// - Throws: ``UserError`` when a file is missing or wrong, or a set ends up empty.
  init(_ data: ExperimentData, policy: PolicySpec, encoder: ChatEncoder) throws {
    var lines: [String] = []
    func load(_ spec: DataSpec, part: String, name: String, apartFrom others: [Comparison<TextQuery>]) throws -> (
      text: [Comparison<TextQuery>], tokens: [Comparison<TokenQuery>]
    ) {
      let loaded = try spec.load()
      let rows = try loaded.part(spec.split == nil ? "all" : part)
      let (apart, overlapping) = excluding(conversationsOf: others, from: rows)
      let limits = TokenLimits(
        maxTokens: spec.maxTokens ?? policy.maxTokens,
        maxPromptTokens: spec.maxPromptTokens ?? policy.maxPromptTokens)
      let (tokens, dropped) = tokenised(apart, limits: limits, encode: encoder.encode)
      var counts = loaded.report.dropped
      counts.add(overlapping)
      counts.add(dropped)
      lines.append("\(name): \(tokens.count) pairs of \(loaded.report.rowsRead) rows" + counts.inWords)
      guard !tokens.isEmpty else {
        throw UserError(
          "no pair is left", at: name, because: lines.last ?? "", advice: "raise maxTokens, or change the split",
          exitCode: .badData)
      }
      return (apart, tokens)
    }
    let training = try load(data.train, part: "train", name: "train", apartFrom: [])
    let buffering = try data.buffer.map { try load($0, part: "train", name: "buffer", apartFrom: []) }
    let seen = training.text + (buffering?.text ?? [])
    train = training.tokens
    buffer = buffering?.tokens ?? []
    if let evaluation = data.evaluation {
      for (spec, order) in [(evaluation.helpfulness, PreferenceOrder.helpfulness), (evaluation.safety, .safety)] {
        let rows = try load(spec, part: "test", name: "evaluation \(order.rawValue)", apartFrom: seen).tokens
        judges.append((order.rawValue, try judge(rows, order)))
      }
    }
    var prompts = PromptSelection(policy: policy, encoder: encoder)
    rollouts = data.rollouts
    judgeSpec = data.judges
    let pairPrompts = unique(train.map(\.first.prompt))
    let trained = Set(seen.map { PromptIdentity.conversation($0.first.messages) })
    rolloutPrompts =
      try data.rollouts.prompts.isEmpty
      ? pairPrompts
      : prompts.all(data.rollouts.prompts, count: data.rollouts.maxPrompts, name: "rollout prompts")
    let rolled = Set(rolloutPrompts)
    if let spec = data.judges {
      judgePrompts =
        spec.prompts.isEmpty
        ? Array(promptsInTurn(judges).filter { !rolled.contains($0) }.prefix(spec.count))
        : try prompts.perFile(spec.prompts, count: spec.count, apartFrom: trained, and: rolled, name: "judged prompts")
    } else {
      judgePrompts = []
    }
    summary = lines + prompts.remarks
  }

  var trainDigest: String { digest(train) }
  var bufferDigest: String { digest(buffer) }

  func evaluationDigest(_ samples: (count: Int, tokens: Int)) -> String {
    SHA256.hex(
      of: (judges.map { digest($0.judge.pairs) } + ["\(samples.count) \(samples.tokens)"]).joined(separator: " "))
  }

  /// Of the prompts that are rolled out and of how that is done.
  var rolloutDigest: String { promptDigest(rolloutPrompts, rollouts) }

  /// Of the prompts that are judged and of how that is done.
  var judgeDigest: String { promptDigest(judgePrompts, judgeSpec.map { "\($0.maxNewTokens)" }) }

  /// Some of the rollout prompts, for the expected cost.
  func constraintPrompts(seed: SeedTree) -> [[Int32]] {
    var random = seed.generator()
    return random.permutation(rolloutPrompts.count).prefix(rollouts.constraintPrompts).sorted()
      .map { rolloutPrompts[$0] }
  }

  /// The prompts of both evaluation sets in turn, each once.
  var samplePrompts: [[Int32]] { promptsInTurn(judges) }
}

private func promptsInTurn(_ judges: [(name: String, judge: ImplicitRewardJudge<TokenQuery>)]) -> [[Int32]] {
  var prompts: [[Int32]] = []
  for index in 0..<(judges.map(\.judge.pairs.count).max() ?? 0) {
    for (_, judge) in judges where index < judge.pairs.count { prompts.append(judge.pairs[index].first.prompt) }
  }
  return unique(prompts)
}

/// Each prompt once, in the order of first appearance.
private func unique(_ prompts: [[Int32]]) -> [[Int32]] {
  var seen: Set<[Int32]> = []
  return prompts.filter { seen.insert($0).inserted }
}

private func promptDigest(_ prompts: [[Int32]], _ settings: some Encodable) -> String {
  var hash = SHA256()
  for prompt in prompts { hash.update(Array((prompt.map(String.init).joined(separator: " ") + "\n").utf8)) }
  // Settings are made of whole numbers, names and finite numbers.
  hash.update(Array(((try? canonicalJSON(settings)) ?? "").utf8))
  return hash.finalize()
}

private func judge(_ rows: [Comparison<TokenQuery>], _ order: PreferenceOrder) throws -> ImplicitRewardJudge<TokenQuery>
{
  let pairs = order.oriented(rows).pairs
  guard !pairs.isEmpty else {
    throw UserError(
      "no evaluation pair has the \(order.rawValue) order", at: "data, evaluation",
      advice: "say which order the file carries (`order: \"\(order.rawValue)\"`)", exitCode: .badData)
  }
  return ImplicitRewardJudge(pairs: pairs)
}

/// SHA-256 of token ids, orders, flags and weights, in order.
private func digest(_ comparisons: [Comparison<TokenQuery>]) -> String {
  var hash = SHA256()
  for comparison in comparisons {
    let labels = [
      comparison.better.map { "\($0.rawValue)" }, comparison.safer.map { "\($0.rawValue)" },
      comparison.firstSafe.map { "\($0)" }, comparison.secondSafe.map { "\($0)" }, "\(comparison.weight)",
    ].map { $0 ?? "-" }.joined(separator: ",")
    let ids = [comparison.first.prompt, comparison.first.response, comparison.second.response]
      .map { $0.map(String.init).joined(separator: " ") }.joined(separator: "|")
    hash.update(Array("\(labels)|\(ids)\n".utf8))
  }
  return hash.finalize()
}

extension DropCounts {
  /// `, dropped: 3 longer than the token limit, …` or nothing.
  fileprivate var inWords: String {
    if total == 0 { return "" }
    let reasons = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.title)" }
    return ", dropped: " + reasons.joined(separator: ", ")
  }
}
