import Basics
import Foundation
import Laboratory
import Language
import Objectives
import Preferences
import Training

extension Command {
  static let train = Command(
    name: "train",
    summary: "Train one policy with one objective and save it.",
    discussion: """
      With --data a language model is trained on preference pairs and saved as a folder that Hugging Face Transformers loads.
      Without, a tabular policy is trained on the default synthetic world. --order says which response counts as chosen.
      `train reward` and `train cost` train models that score responses.
      """,
    examples: [
      Example("./bfpo train --objective bfpo --order helpfulness --set tau=0.5 --output out", "on the synthetic world"),
      Example(
        "./bfpo train --objective dpo --order safety --data pairs.jsonl --steps 50 --output out", "a language model"),
      Example(
        "./bfpo train --objective safe-rlhf --set samples=16 --data pairs.jsonl --reward reward --cost cost --output out",
        "replies of its own, learned scores"),
    ],
    options: [
      Option("objective", value: "ID", "A name of `./bfpo explain`."),
      .set,
      Option(
        "order", value: "ORDER",
        "Which order makes a response the chosen one; needless for an objective without an order.",
        choices: PreferenceOrder.allCases.map(\.rawValue)),
      Option("data", value: "FILE", "Preference pairs; may be given several times.", isRepeated: true),
      Option("format", value: "FORMAT", "The data's format.", defaultText: "recognised from the rows"),
      Option(
        "carries", value: "ORDER", "The order that `chosen` and `rejected` stand for in the data.",
        choices: ["helpfulness", "safety"]),
      Option("flag-rule", value: "RULE", "Supplies missing safety flags.", defaultText: "none"),
      Option(
        "auxiliary", value: "KIND", "A loss on the language model's hidden states beside the objective's.",
        choices: AuxiliarySpec.Kind.allCases.map(\.rawValue), defaultText: "none"),
      Option("auxiliary-weight", value: "GAMMA", "Its weight.", defaultText: "0.1"),
      Option("reward", value: "DIR", "The reward model of a method with a cost budget; with --cost and --data."),
      Option("cost", value: "DIR", "Its cost model."),
      Option(
        "prompts", value: "FILE", "Prompts that the policy answers; may be given several times.", isRepeated: true,
        defaultText: "those of the pairs"),
      Option("max-new-tokens", value: "N", "Longest reply that the policy writes.", defaultText: "48"),
      .model,
      Option(
        "trainable", value: "FRAGMENT", "Fragment of the names of the tensors to train, or `all`.", isRepeated: true,
        defaultText: "down_proj"),
      Option(
        "training", value: "NAME=VALUE", "Set one training parameter, such as steps=100.", isRepeated: true),
      Option("steps", value: "N", "Optimiser steps.", defaultText: "1800 tabular, 50 with --data"),
      Option("batch-size", value: "N", "Pairs per step.", defaultText: "32 tabular, 8 with --data"),
      Option("learning-rate", value: "RATE", "Peak learning rate.", defaultText: "0.01 tabular, 1e-5 with --data"),
      Option("max-tokens", value: "N", "Longest prompt plus response; longer pairs are dropped.", defaultText: "512"),
      Option("seed", value: "N", "Seed of everything random.", defaultText: "0"),
      Option("output", short: "o", value: "DIR", "Where the policy and its record are saved."),
      .precision, .workers,
    ],
    flags: [.json],
    next: "./bfpo score --model DIR --data FILE.jsonl --json"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let output = URL(fileURLWithPath: try arguments.required("output"))
    let spec = try ExperimentSpec(try trainingSpecification(arguments), at: "command line")
    let workers = try arguments.workerCount()
    let experiment = try Experiment(spec, text: "", project: project, workers: workers)
    for line in experiment.setting.remarks { arguments.console.note(line) }
    Interruption.listen()
    let progress = Progress("steps", total: spec.training.steps, console: arguments.console)
    defer { progress.finish() }
    let record = try experiment.runOnce(
      savingTo: output, project: project, workers: workers, isInterrupted: { Interruption.isRequested },
      afterStep: { progress.update($0) })
    progress.finish()
    if arguments.isJSON {
      arguments.console.output(try canonicalJSON(record))
    } else {
      let rows = record.metrics.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value)"] }
      if !rows.isEmpty { arguments.console.output(Table(rows, header: ["metric", "value"]).text()) }
      if let diagnosis = record.diagnosis { arguments.console.output(diagnosis) }
      arguments.console.output("saved: \(output.relativePath)")
    }
    return .success
  }
}

/// The experiment of one arm, one cell, that the options describe.
private func trainingSpecification(_ arguments: Arguments) throws -> JSONValue {
  let files = arguments.options("data")
  let isLanguage = !files.isEmpty
  let entry = try catalogueEntry(try arguments.required("objective"), at: arguments.place("objective"))
  var arm: [String: JSONValue] = ["name": .string("train"), "objective": .string(entry.card.id)]
  if entry.card.labels.contains(.order) {
    arm["order"] = .string(try arguments.required("order"))
  } else if let order = arguments.option("order") {
    arm["order"] = .string(order)
  }
  if let kind = arguments.option("auxiliary") {
    var auxiliary: [String: JSONValue] = ["kind": .string(kind)]
    if let weight = try arguments.number("auxiliary-weight") { auxiliary["weight"] = .number(weight) }
    arm["auxiliary"] = .object(auxiliary)
  } else if arguments.option("auxiliary-weight") != nil {
    throw UserError(
      "--auxiliary-weight stands alone", advice: "name the auxiliary loss: `--auxiliary spo`", exitCode: .usage)
  }
  arm["settings"] = .object(try arguments.hyperparameters())
  var training: [String: JSONValue] =
    isLanguage
    ? [
      "steps": .number(50), "batchSize": .number(8), "microBatchSize": .number(4), "learningRate": .number(1e-5),
      "sampling": .string("epochs"), "schedule": .string("cosine"), "warmup": .number(0.1),
    ] : [:]
  training.merge(try arguments.settings(of: "training")) { $1 }
  if let steps = try arguments.integer("steps", in: 1...Int.max) { training["steps"] = .number(Double(steps)) }
  if let size = try arguments.integer("batch-size", in: 1...Int.max) { training["batchSize"] = .number(Double(size)) }
  if let rate = try arguments.number("learning-rate") { training["learningRate"] = .number(rate) }
  var spec: [String: JSONValue] = [
    "name": .string("train"), "arms": .array([.object(arm)]), "training": .object(training),
    "seeds": .array([.number(Double(try arguments.integer("seed", in: 0...Int.max) ?? 0))]),
  ]
  if isLanguage {
    var data: [String: JSONValue] = ["files": .array(files.map { .string($0) })]
    if let format = arguments.option("format") { data["format"] = .string(format) }
    if let order = arguments.option("carries") { data["order"] = .string(order) }
    if let rule = arguments.option("flag-rule") { data["flags"] = .string(rule) }
    var parts: [String: JSONValue] = ["train": .object(data)]
    if arguments.option("reward") != nil || arguments.option("cost") != nil {
      parts["scorers"] = .object([
        "reward": .string(try arguments.required("reward")), "cost": .string(try arguments.required("cost")),
      ])
    }
    var rollouts: [String: JSONValue] = [:]
    let prompts = arguments.options("prompts")
    if !prompts.isEmpty { rollouts["prompts"] = .array(prompts.map { .string($0) }) }
    if let limit = try arguments.integer("max-new-tokens", in: 1...Int.max) {
      rollouts["maxNewTokens"] = .number(Double(limit))
    }
    parts["rollouts"] = .object(rollouts)
    spec["data"] = .object(parts)
    spec["policy"] = .object(try languagePolicy(arguments))
  } else {
    spec["world"] = .object([:])
  }
  return .object(spec)
}

private func languagePolicy(_ arguments: Arguments) throws -> [String: JSONValue] {
  var policy: [String: JSONValue] = [
    "kind": .string("llama"), "model": .string(arguments.option("model") ?? ModelLocation.defaultName),
  ]
  policy["precision"] = .string(arguments.precision().rawValue)
  let trainable = arguments.options("trainable")
  if !trainable.isEmpty { policy["trainable"] = .array(trainable.map { .string($0) }) }
  if let limit = try arguments.integer("max-tokens", in: 2...Int.max) {
    policy["maxTokens"] = .number(Double(limit))
    policy["maxPromptTokens"] = .number(Double(limit))
  }
  return policy
}
