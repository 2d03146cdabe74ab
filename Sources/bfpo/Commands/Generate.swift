import Basics
import Foundation
import Language
import Policies

extension Command {
  static let generate = Command(
    name: "generate",
    summary: "Draw replies from a policy.",
    discussion: """
      The prompt is one user message, or every line of a file with {"messages": [{"role": "user", "content": "…"} …]}; other
      fields are ignored. Without a temperature the most likely token is taken every time.
      """,
    examples: [
      Example(#"./bfpo generate "What is the capital of France?""#, "the most likely reply"),
      Example(#"./bfpo generate "Tell me a story." --temperature 0.8 --top-p 0.95 --seed 1"#, "a drawn reply"),
      Example("./bfpo generate --data prompts.jsonl --json", "one object a line, sixteen replies at a time"),
    ],
    positionals: [Positional("PROMPT", "A user message.", isRequired: false)],
    options: [
      .model, Option("data", short: "d", value: "FILE", "JSON Lines with conversations; - for standard input."),
      Option("temperature", short: "t", value: "T", "Divides the logits.", defaultText: "0, the most likely token"),
      Option("top-p", value: "P", "Draw among the most likely tokens that reach this probability.", defaultText: "1"),
      Option("seed", value: "N", "Decides every draw.", defaultText: "0"),
      Option("max-tokens", value: "N", "Tokens of a reply at most.", defaultText: "256"), .template, .precision,
      .workers,
    ],
    flags: [Flag("tokens", "Print token ids and log-probabilities, with --json."), .json],
    next: "./bfpo score --data replies.jsonl --json"
  ) { arguments in
    let conversations = try prompts(arguments)
    let seed = SeedTree(try arguments.integer("seed", in: Int.min...Int.max) ?? 0)
    var options = try samplingOptions(arguments)
    let workers = try arguments.workerCount()
    let model = try loadModel(arguments.option("model"), template: arguments.option("template"))
    options.stopTokens = [model.encoder.endOfTurn]
    let prompts = try conversations.map { line in
      let prompt = model.encoder.prompt(line.value)
      try requireContext(prompt.count, model.configuration, at: line.place)
      return prompt
    }
    let policy = try LlamaPolicy<Float>(loading: model.source, precision: arguments.precision(), workers: workers)
    for start in stride(from: 0, to: prompts.count, by: 16) {
      let chunk = Array(prompts[start..<min(start + 16, prompts.count)])
      for drawn in policy.generate(prompts: chunk, options: options, seed: seed.child(start)) {
        let reply = Reply(drawn, text: model.encoder.decode(drawn.tokens), full: arguments.flag("tokens"))
        arguments.console.output(arguments.isJSON ? try canonicalJSON(reply) : reply.response)
        if drawn.end != .stopToken, !arguments.isJSON {
          arguments.console.note("(ended by \(drawn.end == .length ? "--max-tokens" : "the model's context"))")
        }
      }
    }
    return .success
  }
}

/// The conversations to reply to: the one on the command line, or those of a file.
private func prompts(_ arguments: Arguments) throws -> [Located<[ChatMessage]>] {
  switch (arguments.positional("PROMPT"), arguments.option("data")) {
  case (let text?, nil):
    return [Located(value: [ChatMessage(role: "user", content: text)], place: "the prompt")]
  case (nil, let path?):
    return try conversations(path, arguments.console).map { Located(value: $0.value.messages, place: $0.place) }
  default:
    throw UserError(
      "give a prompt or `--data`, one of the two", advice: #"./bfpo generate "What is the capital of France?""#,
      exitCode: .usage)
  }
}

private func samplingOptions(_ arguments: Arguments) throws -> SamplingOptions {
  let temperature = try arguments.number("temperature") ?? 0
  guard temperature >= 0 else {
    throw UserError(
      "the temperature is negative", at: arguments.place("temperature"), advice: "give 0 or more", exitCode: .usage)
  }
  let topP = try arguments.number("top-p") ?? 1
  guard topP > 0, topP <= 1 else {
    throw UserError(
      "top-p is not a probability", at: arguments.place("top-p"), advice: "give a number above 0 and at most 1",
      exitCode: .usage)
  }
  return SamplingOptions(
    temperature: temperature, topP: topP, maxNewTokens: try arguments.integer("max-tokens", in: 1...1_000_000) ?? 256)
}

private struct Reply: Encodable {
  var response: String
  var tokenCount: Int
  /// Nats, summed over the reply's tokens, the end-of-turn token included.
  var logProbability: Double
  var end: Generation.End
  var responseTokenIds: [Int32]?
  var tokenLogProbabilities: [Double]?

  init(_ drawn: Generation, text: String, full: Bool) {
    response = text
    tokenCount = drawn.tokens.count
    logProbability = drawn.logProbabilities.reduce(0, +)
    end = drawn.end
    if full {
      responseTokenIds = drawn.tokens
      tokenLogProbabilities = drawn.logProbabilities
    }
  }
}
