import Basics
import Foundation
import Laboratory
import Language
import Objectives
import Preferences
import Training

extension Command {
  static let trainReward = scorerCommand(
    .reward, summary: "Train a reward model on the helpfulness order and save it.",
    discussion: """
      The loss is Bradley-Terry with a pull of the scores to zero. Rows without the helpfulness order are left out and counted.
      """,
    examples: [
      Example("./bfpo train reward --data hh_dual_labelled.jsonl --output reward", "50 steps of 8 pairs"),
      Example(
        "./bfpo train reward --data hh_helpful_base_test.jsonl --carries helpfulness --output reward", "transcripts"),
      Example("./bfpo train reward --data pairs.jsonl --trainable layers.29. --json --output reward", "the last layer"),
    ])

  static let trainCost = scorerCommand(
    .cost, summary: "Train a cost model on safety flags and the harmlessness order and save it.",
    discussion: """
      A cost above 0 means unsafe. Both responses need a safety flag; where the harmlessness order is missing, flags that differ
      give it. A row whose safer response is labelled unsafe while the other is safe is an error.
      """,
    examples: [
      Example("./bfpo train cost --data pku_safety_flag_pairs.jsonl --output cost", "50 steps of 8 pairs"),
      Example(
        "./bfpo train cost --data hh_dual_labelled.jsonl --flag-rule hh-subset --output cost", "flags by rule"),
      Example("./bfpo train cost --data pairs.jsonl --steps 200 --held-out 200 --json --output cost", "longer"),
    ])

  private static func scorerCommand(
    _ kind: ScoreKind, summary: String, discussion: String, examples: [Example]
  ) -> Command {
    Command(
      name: "train \(kind.rawValue)", summary: summary,
      discussion: discussion + """
         The head reads the hidden state at the response's last token. Accuracy on the held-out prompts comes with n and a
        95 % interval, beside what a constant and the responses' lengths would get, and with its calibration. The folder also
        loads in Hugging Face Transformers; the head is in score_head.safetensors, the record in score.json.
        """,
      examples: examples, options: options, flags: [.json, complement],
      next: "./bfpo score --scorer \(kind.rawValue) --data FILE.jsonl"
    ) { try trainScorer(kind, $0) }
  }

  private static let complement = Flag(
    "complement",
    "Train on the prompts that the same split and seed would hold out: a judge that shares none with the other model.")

  private static let options = [
    Option("data", value: "FILE", "Preference pairs; may be given several times.", isRepeated: true),
    Option("format", value: "FORMAT", "The data's format.", defaultText: "recognised from the rows"),
    Option(
      "carries", value: "ORDER", "The order that `chosen` and `rejected` stand for in the data.",
      choices: CarriedOrder.allCases.map(\.rawValue)),
    Option(
      "flag-rule", value: "RULE", "Supplies missing safety flags.", choices: FlagRule.allCases.map(\.rawValue),
      defaultText: "none"),
    Option("split", value: "SHARE", "Share of the prompts to train on; the others are held out.", defaultText: "0.8"),
    Option("held-out", value: "N", "Judge on at most so many held-out pairs.", defaultText: "all"),
    .model,
    Option(
      "trainable", value: "FRAGMENT", "Fragment of the names of the tensors to train beside the head.",
      isRepeated: true, defaultText: "down_proj"),
    Option("training", value: "NAME=VALUE", "Set one training parameter, such as beta2=0.95.", isRepeated: true),
    Option("steps", value: "N", "Optimiser steps.", defaultText: "50"),
    Option("batch-size", value: "N", "Pairs per step.", defaultText: "8"),
    Option("learning-rate", value: "RATE", "Peak learning rate of the model.", defaultText: "2e-5"),
    Option("head-learning-rate", value: "RATE", "Peak learning rate of the head.", defaultText: "1e-3"),
    Option("regularisation", value: "MU", "The pull of scores to zero.", defaultText: "0.001"),
    Option("max-tokens", value: "N", "Longest prompt plus response; longer pairs are dropped.", defaultText: "512"),
    Option("seed", value: "N", "Seed of the split and of everything random.", defaultText: "0"),
    Option("output", short: "o", value: "DIR", "Where the model is saved."),
    .precision, .workers,
  ]
}

private func trainScorer(_ kind: ScoreKind, _ arguments: Arguments) throws -> ExitCode {
  let output = URL(filePath: try arguments.required("output"))
  let run = try ScorerRun(try scorerSpec(kind, arguments))
  arguments.console.note(run.remark)
  Interruption.listen()
  let progress = Progress("steps", total: run.spec.training.steps, console: arguments.console)
  defer { progress.finish() }
  let record = try run.run(savingTo: output, workers: try arguments.workerCount()) { step in
    progress.update(step)
    if Interruption.isRequested {
      throw UserError(
        "interrupted at step \(step)", because: "nothing was saved", advice: "run it again", exitCode: .interrupted)
    }
  }
  progress.finish()
  arguments.console.output(
    arguments.isJSON ? try canonicalJSON(record) : scorerText(record) + "saved: \(output.relativePath)")
  arguments.console.suggestNext("./bfpo score --scorer \(output.relativePath) --data FILE.jsonl")
  return .success
}

private func scorerSpec(_ kind: ScoreKind, _ arguments: Arguments) throws -> ScorerSpec {
  let files = arguments.options("data")
  if files.isEmpty { _ = try arguments.required("data") }
  let fraction = try arguments.number("split") ?? 0.8
  guard fraction > 0, fraction < 1 else {
    throw UserError(
      "`\(fraction)` leaves nothing to train on or to judge on", at: arguments.place("split"),
      advice: "give a share between 0 and 1", exitCode: .usage)
  }
  var data = DataSpec(files: files.map { FileSpec(name: $0) })
  if let format = arguments.option("format") {
    guard let known = DataFormat(rawValue: format) else {
      throw UserError(
        "no such format `\(format)`", at: arguments.place("format"),
        advice: suggestion(for: format, among: DataFormat.allCases.map(\.rawValue)), exitCode: .usage)
    }
    data.format = known
  }
  data.order = arguments.option("carries").flatMap(CarriedOrder.init(rawValue:))
  data.flags = arguments.option("flag-rule").flatMap(FlagRule.init(rawValue:)) ?? .none
  var spec = ScorerSpec(kind: kind, data: data, trainFraction: fraction, seed: try arguments.integer("seed") ?? 0)
  spec.complement = arguments.flag("complement")
  spec.model = arguments.option(Option.model.name)
  let trainable = arguments.options("trainable")
  if !trainable.isEmpty { spec.trainable = trainable }
  spec.precision = arguments.precision()
  spec.maxTokens = try arguments.integer("max-tokens", in: 2...Int.max) ?? spec.maxTokens
  spec.maxHeldOut = try arguments.integer("held-out", in: 1...Int.max)
  spec.options.headLearningRate = try positive("head-learning-rate", arguments) ?? spec.options.headLearningRate
  if let strength = try arguments.number("regularisation") {
    guard strength >= 0 else {
      throw UserError(
        "a regularisation cannot be negative", at: arguments.place("regularisation"), because: "it is \(strength)",
        advice: "give 0 or more", exitCode: .usage)
    }
    spec.options.regularisation = strength
  }
  spec.training = try scorerTraining(arguments)
  return spec
}

private func positive(_ name: String, _ arguments: Arguments) throws -> Double? {
  guard let value = try arguments.number(name) else { return nil }
  if value > 0 { return value }
  throw UserError(
    "a learning rate must be positive", at: arguments.place(name), because: "it is \(value)",
    advice: "give a number above 0", exitCode: .usage)
}

private func scorerTraining(_ arguments: Arguments) throws -> TrainingConfiguration {
  var training: [String: JSONValue] = [
    "steps": .number(50), "batchSize": .number(8), "microBatchSize": .number(4), "learningRate": .number(2e-5),
    "sampling": .string("epochs"), "schedule": .string("cosine"), "warmup": .number(0.03), "beta2": .number(0.95),
    "weightDecay": .number(0.1), "maxGradientNorm": .number(1),
  ]
  training.merge(try arguments.settings(of: "training")) { $1 }
  if let steps = try arguments.integer("steps", in: 1...Int.max) { training["steps"] = .number(Double(steps)) }
  if let size = try arguments.integer("batch-size", in: 1...Int.max) { training["batchSize"] = .number(Double(size)) }
  if let rate = try positive("learning-rate", arguments) { training["learningRate"] = .number(rate) }
  return try TrainingConfiguration(strictly: .object(training), at: "command line, training")
}

/// What a person wants to know of a trained score model.
private func scorerText(_ record: ScorerRecord) -> String {
  func share(_ value: Estimate) -> [String] {
    [fixed(value.mean, 3), "[\(fixed(value.low, 3)), \(fixed(value.high, 3))]", "\(value.n)"]
  }
  var rows: [[String]] = []
  var tables = ""
  if let order = record.evaluation.order {
    rows.append(["pairs in order"] + share(order.accuracy))
    rows.append(["  the \(order.lengthPrefersLonger ? "longer" : "shorter") response"] + share(order.length))
    if let place = order.majorityPlace { rows.append(["  the more frequent place"] + share(place)) }
    tables += reliability("P(right order)", order.calibration)
  }
  if let sign = record.evaluation.sign {
    rows.append(["sides of zero"] + share(sign.accuracy))
    rows.append(["  all \(sign.majorityIsSafe ? "safe" : "unsafe")"] + share(sign.majority))
    rows.append(["  by a threshold of length"] + share(sign.length))
    tables += reliability("P(unsafe)", sign.calibration)
  }
  return Table(rows, header: ["held out", "right", "95 %", "n"], alignment: [.left, .right, .left, .right]).text()
    + tables
}

private func reliability(_ name: String, _ table: Calibration) -> String {
  let rows = table.bins.filter { $0.count > 0 }.map { bin in
    [
      "\(fixed(bin.low, 2)) to \(fixed(bin.high, 2))", "\(bin.count)", bin.probability.map { fixed($0, 3) } ?? "",
      bin.frequency.map { fixed($0, 3) } ?? "",
    ]
  }
  return "\n"
    + Table(rows, header: [name, "n", "stated", "happened"], alignment: [.left, .right, .right, .right]).text()
    + "expected calibration error \(fixed(table.expectedError, 3))\n"
}
