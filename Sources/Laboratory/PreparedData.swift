import Basics
import Language
import Preferences

/// An experiment's comparisons as token ids, after dropping and splitting, with digests of exactly what is trained and judged on.
struct PreparedData: Sendable {
  var train: [Comparison<TokenQuery>]
  var buffer: [Comparison<TokenQuery>]
  /// `helpfulness` and `safety`, in this order; empty when nothing is evaluated.
  var judges: [(name: String, judge: ImplicitRewardJudge<TokenQuery>)] = []
  /// One line a data set: rows read, dropped by reason, kept.
  var summary: [String] = []

  /// - Throws: ``UserError`` when a file is missing or wrong, or a set ends up empty.
  init(_ data: ExperimentData, policy: PolicySpec, encode: (TextQuery) throws -> TokenQuery) throws {
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
      let (tokens, dropped) = try tokenised(apart, limits: limits, encode: encode)
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
    summary = lines
  }

  var trainDigest: String { digest(train) }
  var bufferDigest: String { digest(buffer) }

  func evaluationDigest(_ samples: (count: Int, tokens: Int)) -> String {
    SHA256.hex(
      of: (judges.map { digest($0.judge.pairs) } + ["\(samples.count) \(samples.tokens)"]).joined(separator: " "))
  }

  /// The prompts of both evaluation sets in turn, each once.
  var samplePrompts: [[Int32]] {
    var seen: Set<[Int32]> = []
    var prompts: [[Int32]] = []
    for index in 0..<(judges.map(\.judge.pairs.count).max() ?? 0) {
      for (_, judge) in judges where index < judge.pairs.count {
        let prompt = judge.pairs[index].first.prompt
        if seen.insert(prompt).inserted { prompts.append(prompt) }
      }
    }
    return prompts
  }
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
