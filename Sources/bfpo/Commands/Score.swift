import Basics
import Foundation
import Laboratory
import Language
import ModelFiles
import Objectives
import Policies

extension Command {
  static let score = Command(
    name: "score",
    summary: "Print the log-probability, or the reward or cost, of responses.",
    discussion: """
      Each input line is {"messages": [{"role": "user", "content": "…"} …], "response": "…"}. The log-probability is in nats,
      summed over the response's tokens, the end-of-turn token included. Consecutive lines with the same messages share the
      work on them.

      With --scorer a trained reward or cost model scores them instead: {reward, normalised} or {cost, normalised, unsafe}. A cost
      above 0 means unsafe.
      """,
    examples: [
      Example("./bfpo score --data replies.jsonl --json", "one object {logProbability, tokenCount} a line"),
      Example("./bfpo score --model Results/hh/policy --data replies.jsonl", "a trained policy, as columns of numbers"),
      Example("./bfpo score --scorer cost --data replies.jsonl --json", "a model of `./bfpo train cost`"),
    ],
    options: [
      .model,
      Option("data", short: "d", value: "FILE", "JSON Lines with a conversation and a response; - for standard input."),
      Option("scorer", value: "DIR", "A model of `./bfpo train reward` or `./bfpo train cost`, in place of --model."),
      .template, .precision, .workers,
    ],
    flags: [Flag("tokens", "Print token ids and the log-probability of each response token, with --json."), .json],
    next: #"./bfpo generate "What is the capital of France?""#
  ) { arguments in
    let path = try arguments.required("data")
    if arguments.flag("tokens"), !arguments.isJSON {
      throw UserError("`--tokens` needs `--json`", advice: "add --json", exitCode: .usage)
    }
    let workers = try arguments.workerCount()
    let lines = try conversations(path, arguments.console)
    if let folder = arguments.option("scorer") {
      try printScores(of: lines, folder: folder, arguments: arguments)
      return .success
    }
    let model = try loadModel(arguments.option("model"), template: arguments.option("template"))
    let queries = try lines.map { try query($0, model.encoder, model.configuration) }
    let policy = try LlamaPolicy<Float>(loading: model.source, precision: arguments.precision(), workers: workers)
    if !arguments.isJSON { arguments.console.output("logProbability\ttokenCount") }
    for start in stride(from: 0, to: queries.count, by: 64) {
      let chunk = start..<min(start + 64, queries.count)
      for (index, values) in zip(chunk, policy.tokenLogProbabilities(Array(queries[chunk]))) {
        let scored = try ScoredResponse(queries[index], values, at: lines[index].place, full: arguments.flag("tokens"))
        arguments.console.output(
          arguments.isJSON ? try canonicalJSON(scored) : "\(scored.logProbability)\t\(scored.tokenCount)")
      }
    }
    return .success
  }
}

private func query(
  _ line: Located<ConversationLine>, _ encoder: ChatEncoder, _ configuration: LlamaConfiguration
) throws -> TokenQuery {
  guard let response = line.value.response else {
    throw UserError(
      "the field `response` is missing", at: line.place, advice: "give the text whose log-probability is wanted",
      exitCode: .badData)
  }
  let query = encoder.encode(TextQuery(messages: line.value.messages, response: response))
  try requireContext(query.prompt.count + query.response.count - 1, configuration, at: line.place)
  return query
}

/// Rewards or costs of conversations, a line each.
private func printScores(
  of lines: [Located<ConversationLine>], folder: String, arguments: Arguments
) throws {
  for name in [Option.model.name, Option.template.name, Option.precision.name]
  where arguments.origin(name) == .commandLine {
    throw UserError(
      "`--\(name)` does not go with `--scorer`", because: "a score model brings its own model and template",
      advice: "leave one of them out", exitCode: .usage)
  }
  if arguments.flag("tokens") {
    throw UserError(
      "`--tokens` does not go with `--scorer`", because: "a score is one number for a whole response",
      advice: "leave `--tokens` out", exitCode: .usage)
  }
  let scorer = try Scorer(loading: URL(filePath: folder), workers: try arguments.workerCount())
  var queries: [TokenQuery] = []
  for line in lines {
    let query = try query(line, scorer.encoder, scorer.model.base.configuration)
    // The hidden state at the last token is read, so that the whole response goes through the model.
    try requireContext(query.prompt.count + query.response.count, scorer.model.base.configuration, at: line.place)
    queries.append(query)
  }
  let kind = scorer.record.kind
  if !arguments.isJSON {
    arguments.console.output("\(kind.rawValue)\tnormalised" + (kind == .cost ? "\tunsafe" : ""))
  }
  for start in stride(from: 0, to: queries.count, by: 64) {
    let chunk = start..<min(start + 64, queries.count)
    for (index, score) in zip(chunk, scorer.scores(Array(queries[chunk]))) {
      guard score.isFinite else {
        throw UserError(
          "a score is not finite", at: lines[index].place, because: "the model gives \(score)",
          advice: "train the score model again", exitCode: .numericalFailure)
      }
      let normalised = scorer.record.normaliser(score)
      let isUnsafe = kind == .cost ? CostSign(ofCost: score) == .unsafe : nil
      var members = [kind.rawValue: JSONValue.number(score), "normalised": .number(normalised)]
      members["unsafe"] = isUnsafe.map { .bool($0) }
      arguments.console.output(
        arguments.isJSON
          ? try JSONValue.object(members).canonical()
          : "\(score)\t\(normalised)" + (isUnsafe.map { "\t\($0)" } ?? ""))
    }
  }
}

private struct ScoredResponse: Encodable {
  var logProbability: Double
  var tokenCount: Int
  var promptTokenIds: [Int32]?
  var responseTokenIds: [Int32]?
  var tokenLogProbabilities: [Double]?

  /// - Throws: ``UserError`` (3) at the first token whose log-probability is not finite.
  init(_ query: TokenQuery, _ values: [Double], at place: String, full: Bool) throws {
    if let token = values.firstIndex(where: { !$0.isFinite }) {
      throw UserError(
        "a log-probability is not finite", at: "\(place), response token \(token + 1)",
        because: "the model gives \(values[token])", advice: "check the weights: ./bfpo model inspect",
        exitCode: .numericalFailure)
    }
    logProbability = values.reduce(0, +)
    tokenCount = values.count
    if full {
      promptTokenIds = query.prompt
      responseTokenIds = query.response
      tokenLogProbabilities = values
    }
  }
}
