import Basics
import Foundation
import Objectives

extension Command {
  static let loss = Command(
    name: "loss",
    summary: "Print the loss and its derivatives for pairs of log-probabilities.",
    discussion: """
      Each input line is an object with `policyChosen`, `policyRejected`, `referenceChosen`, `referenceRejected`:
      log-probabilities in nats, summed over response tokens. `chosenSafe` and `rejectedSafe` (true, false, 1 or 0)
      are needed by objectives with safety flags, `chosenReward`, `rejectedReward`, `chosenCost` and `rejectedCost` by those
      with rewards or costs, `multiplier` (λ ≥ 0) by those with a cost constraint, `chosenTokens` and `rejectedTokens` with
      `reduction=mean`, the default of SimPO and ORPO. `./bfpo explain OBJECTIVE` lists what one needs; other fields are ignored.
      The derivatives are by the summed log-probabilities `policyChosen` and `policyRejected`. A pair that the objective leaves
      out has loss 0. KTO compares with means over a batch: the whole input is one batch, and the means count as constants.
      """,
    examples: [
      Example("./bfpo loss --objective dpo --json < pairs.jsonl", "one object {loss, dChosen, dRejected} a line"),
      Example("./bfpo loss --objective bfpo --set tau=0.25 --set alpha=0.5 < pairs.jsonl", "as columns of numbers"),
      Example("./bfpo loss --objective ipo --set reduction=mean --json pairs.jsonl", "averaged over response tokens"),
    ],
    positionals: [
      Positional("FILE", "JSON Lines with one pair a line.", isRequired: false, defaultText: "standard input")
    ],
    options: [
      Option("objective", short: "o", value: "ID", "The objective; `./bfpo explain` lists them."), .set,
    ],
    flags: [.json],
    next: "./bfpo explain bfpo"
  ) { arguments in
    let entry = try catalogueEntry(try arguments.required("objective"), at: arguments.place("objective"))
    let objective = try entry.make(try arguments.hyperparameters(), at: arguments.place(Option.set.name))
    let reader = PairReader(entry.card, objective)
    let (lines, source) = try inputLines(arguments.positional("FILE"), arguments.console)
    var batch: [(pair: PairSample, place: String)] = []
    var number = 0
    while let line = lines() {
      number += 1
      if line.allSatisfy(\.isWhitespace) { continue }
      let place = "\(source), line \(number)"
      let pair = try reader.pair(line, at: place)
      if objective.usesBatchMeans {
        batch.append((pair, place))
      } else {
        if number == 1, !arguments.isJSON { arguments.console.output("loss\tdChosen\tdRejected") }
        arguments.console.output(try lossLine(objective, pair, at: place, isJSON: arguments.isJSON))
      }
    }
    guard !batch.isEmpty else { return .success }
    let means = BatchMeans(batch.map(\.pair), reduction: objective.reduction)
    if !arguments.isJSON { arguments.console.output("loss\tdChosen\tdRejected") }
    for (pair, place) in batch {
      var pair = pair
      pair.batch = means
      arguments.console.output(try lossLine(objective, pair, at: place, isJSON: arguments.isJSON))
    }
    return .success
  }
}

/// The loss and the derivatives of a pair as a line of output.
///
/// - Throws: ``UserError`` (3) when one of them is not finite.
private func lossLine(_ objective: any Objective, _ pair: PairSample, at place: String, isJSON: Bool) throws -> String {
  let value = objective.evaluate(pair)
  guard value.loss.isFinite, value.dChosen.isFinite, value.dRejected.isFinite else {
    throw UserError(
      "the loss of \(type(of: objective).card.id) is not finite", at: place,
      because: "the numbers are too large for a Double", exitCode: .numericalFailure)
  }
  return isJSON
    ? #"{"loss":\#(value.loss),"dChosen":\#(value.dChosen),"dRejected":\#(value.dRejected)}"#
    : "\(value.loss)\t\(value.dChosen)\t\(value.dRejected)"
}

/// The lines of a file, or of standard input when there is none, and what to call their source.
func inputLines(_ path: String?, _ console: Console) throws -> (next: () -> String?, source: String) {
  guard let path, path != "-" else {
    if isatty(STDIN_FILENO) == 1 { console.note("reading standard input; end it with Ctrl-D") }
    return ({ readLine() }, "standard input")
  }
  let text = String(decoding: try AtomicFile.read(URL(filePath: path)), as: UTF8.self)
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
  if lines.last == "" { lines.removeLast() }
  return ({ lines.popFirst().map(String.init) }, path)
}

/// Reads scored pairs, asking only for the fields that an objective needs.
private struct PairReader {
  let needs: Set<LabelNeed>
  let reduction: Reduction
  let needsMultiplier: Bool

  init(_ card: ObjectiveCard, _ objective: any Objective) {
    needs = card.labels
    reduction = objective.reduction
    needsMultiplier = objective.multiplierRule != .none
  }

  func pair(_ line: String, at place: String) throws -> PairSample {
    let fields = try object(line, at: place)
    let isMean = reduction == .mean
    let needsFlags = needs.contains(.safetyFlags)
    return PairSample(
      policyChosen: try number("policyChosen", fields, place),
      policyRejected: try number("policyRejected", fields, place),
      referenceChosen: try number("referenceChosen", fields, place),
      referenceRejected: try number("referenceRejected", fields, place),
      chosenTokens: isMean ? try count("chosenTokens", fields, place) : 1,
      rejectedTokens: isMean ? try count("rejectedTokens", fields, place) : 1,
      label: PairLabel(
        chosenSafe: needsFlags ? try truth("chosenSafe", fields, place) : nil,
        rejectedSafe: needsFlags ? try truth("rejectedSafe", fields, place) : nil,
        chosenScores: try scores("chosen", fields, place), rejectedScores: try scores("rejected", fields, place),
        multiplier: needsMultiplier ? try multiplier(fields, place) : 0))
  }

  /// Nil for an objective that needs neither rewards nor costs; 0 stands for the one it does not need.
  private func scores(_ response: String, _ fields: [String: JSONValue], _ place: String) throws -> ResponseScores? {
    guard needs.contains(.rewards) || needs.contains(.costs) else { return nil }
    return ResponseScores(
      reward: needs.contains(.rewards) ? try number("\(response)Reward", fields, place) : 0,
      cost: needs.contains(.costs) ? try number("\(response)Cost", fields, place) : 0)
  }

  private func multiplier(_ fields: [String: JSONValue], _ place: String) throws -> Double {
    let value = try number("multiplier", fields, place)
    if value >= 0 { return value }
    throw wrong("multiplier", .number(value), "a number of at least 0", place)
  }

  private func object(_ line: String, at place: String) throws -> [String: JSONValue] {
    // JSON5 also reads the `NaN` and `Infinity` that other programs write, so that the message can name the field.
    let json5 = line.contains("NaN") || line.contains("Infinity")
    guard let fields = try JSONValue(parsing: Data(line.utf8), json5: json5, source: place).object else {
      throw UserError("not an object", at: place, advice: "write one object {…} a line", exitCode: .badData)
    }
    return fields
  }

  private func number(_ name: String, _ fields: [String: JSONValue], _ place: String) throws -> Double {
    let value = try field(name, fields, place)
    if let number = value.number, number.isFinite { return number }
    throw wrong(name, value, "a finite number", place)
  }

  private func count(_ name: String, _ fields: [String: JSONValue], _ place: String) throws -> Int {
    let value = try field(name, fields, place)
    if let number = value.number, let count = Int(exactly: number), count > 0 { return count }
    throw wrong(name, value, "a positive whole number", place)
  }

  private func truth(_ name: String, _ fields: [String: JSONValue], _ place: String) throws -> Bool {
    switch try field(name, fields, place) {
    case .bool(let value): return value
    case .number(0): return false
    case .number(1): return true
    case let value: throw wrong(name, value, "true, false, 1 or 0", place)
    }
  }

  private func field(_ name: String, _ fields: [String: JSONValue], _ place: String) throws -> JSONValue {
    if let value = fields[name], value != .null { return value }
    throw UserError(
      "the field `\(name)` is missing", at: place,
      because: reduction == .mean && name.hasSuffix("Tokens") ? "averaging needs the number of response tokens" : nil,
      advice: nearestName(to: name, among: fields.keys.sorted()).map { "is `\($0)` meant to be `\(name)`?" }
        ?? "`./bfpo loss --help` lists the fields", exitCode: .badData)
  }

  private func wrong(_ name: String, _ value: JSONValue, _ wanted: String, _ place: String) -> UserError {
    let text = value.number.map { "\($0)" } ?? (try? value.canonical()) ?? "something else"
    return UserError(
      "`\(name)` is not \(wanted)", at: place, because: "it is \(text)", advice: "give \(wanted)", exitCode: .badData)
  }
}
