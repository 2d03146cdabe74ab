import Basics
import Foundation
import Language
import Policies

extension Command {
  static let score = Command(
    name: "score",
    summary: "Print the log-probability of responses.",
    discussion: """
      Each input line is {"messages": [{"role": "user", "content": "…"} …], "response": "…"}. The log-probability is in nats,
      summed over the response's tokens, the end-of-turn token included. Consecutive lines with the same messages share the
      work on them.
      """,
    examples: [
      Example("./bfpo score --data replies.jsonl --json", "one object {logProbability, tokenCount} a line"),
      Example("./bfpo score --data replies.jsonl --tokens --json", "with token ids and each token's log-probability"),
      Example("./bfpo score --model Results/hh/policy --data replies.jsonl", "a trained policy, as columns of numbers"),
    ],
    options: [
      .model,
      Option("data", short: "d", value: "FILE", "JSON Lines with a conversation and a response; - for standard input."),
      .template, .workers,
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
    let model = try loadModel(arguments.option("model"), template: arguments.option("template"))
    let queries = try lines.map { try query($0, model) }
    let policy = try LlamaPolicy<Float>(loading: model.source, workers: workers)
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

private func query(_ line: Located<ConversationLine>, _ model: LoadedModel) throws -> TokenQuery {
  guard let response = line.value.response else {
    throw UserError(
      "the field `response` is missing", at: line.place, advice: "give the text whose log-probability is wanted",
      exitCode: .badData)
  }
  let query = model.encoder.encode(TextQuery(messages: line.value.messages, response: response))
  try requireContext(query.prompt.count + query.response.count - 1, model.configuration, at: line.place)
  return query
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
