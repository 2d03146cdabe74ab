import Basics
import Foundation
import Laboratory
import Language
import Objectives
import Preferences
import Training

extension Command {
  static let dataLabel = Command(
    name: "data label",
    summary: "Supply missing helpfulness orders or safety flags from trained reward and cost models.",
    discussion: """
      A reward model supplies the helpfulness order, a cost model safety flags (cost above 0 is unsafe) and the harmlessness
      order. A label that exists is never changed, and nothing is supplied that would contradict one. Every row is written in
      the canonical form; `supplied` names the digest of the model behind each new label. Such labels are no annotation: do
      not judge on them. Rows that still have no order cannot be written, and are counted.
      """,
    examples: [
      Example("./bfpo data label pairs.jsonl --scorer reward --output labelled.jsonl", "missing helpfulness orders"),
      Example(
        "./bfpo data label hh_dual_labelled.jsonl --scorer cost --output labelled.jsonl", "flags where there are none"),
      Example(
        "./bfpo data label pairs.jsonl --scorer reward --scorer cost --output labelled.jsonl --json",
        "both, with counts"),
    ],
    positionals: [.dataFile()],
    options: [
      Option(
        "scorer", value: "DIR", "A model of `./bfpo train reward` or `./bfpo train cost`; one of each may be given.",
        isRepeated: true),
      .dataFormat, .dataOrder,
      Option("output", short: "o", value: "FILE", "Where the rows are written.", defaultText: "standard output"),
      .workers,
    ],
    flags: [.json],
    next: "./bfpo data check labelled.jsonl"
  ) { arguments in
    guard let name = arguments.positional("FILE") else { preconditionFailure("FILE is required") }
    _ = try arguments.required("scorer")
    let output = arguments.option("output")
    if arguments.isJSON, output == nil {
      throw UserError(
        "`--json` needs `--output`", because: "the rows would stand between the counts", advice: "add --output FILE",
        exitCode: .usage)
    }
    let file = try arguments.preferenceFile(name)
    for row in file.rows { try requireConsistentSafety(row.comparison, at: "\(file.name):\(row.line)") }
    let report = try label(file, arguments)
    if let output {
      try AtomicFile.write(report.lines.map { $0 + "\n" }.joined(), to: URL(filePath: output))
    } else {
      for line in report.lines { arguments.console.output(line) }
    }
    if arguments.isJSON {
      arguments.console.output(try canonicalJSON(report.summary))
    } else {
      let summary = report.summary
      let counts = summary.supplied
      arguments.console.note(
        "\(summary.written) of \(counts.rows) rows written; supplied: \(counts.better) helpfulness orders, "
          + "\(counts.flags) safety flags, \(counts.safer) harmlessness orders; left out: \(counts.contradictions) "
          + "that contradict a label, \(counts.ties) ties, \(summary.overLong) longer than the context, "
          + "\(summary.unordered) rows without an order, \(summary.unusable) unusable rows")
    }
    if let output { arguments.console.suggestNext("./bfpo data check \(output)") }
    return .success
  }
}

private struct LabelReport {
  struct Summary: Encodable {
    var schema = 1
    var data: String
    /// Digests of the models, by kind.
    var models: [String: String]
    var supplied: Labelling.Counts
    var written: Int
    var unordered: Int
    var overLong: Int
    var unusable: Int
  }

  var lines: [String]
  var summary: Summary
}

private func label(_ file: PreferenceFile, _ arguments: Arguments) throws -> LabelReport {
  var labelling = Labelling(file.rows.map(\.comparison))
  var digests: [ScoreKind: String] = [:]
  var overLong: Set<Int> = []
  let workers = try arguments.workerCount()
  for folder in arguments.options("scorer") {
    let scorer = try Scorer(loading: URL(filePath: folder), workers: workers)
    let kind = scorer.record.kind
    if digests.updateValue(scorer.digest, forKey: kind) != nil {
      throw UserError(
        "two \(kind.rawValue) models", at: arguments.place("scorer"), advice: "give one of each kind",
        exitCode: .usage)
    }
    var rows: [Int] = []
    var queries: [TokenQuery] = []
    for index in labelling.lacking(kind) {
      let row = labelling.rows[index].comparison
      let pair = [scorer.encoder.encode(row.first), scorer.encoder.encode(row.second)]
      if pair.contains(where: {
        $0.prompt.count + $0.response.count > scorer.model.base.configuration.contextLength
      }) {
        overLong.insert(index)
      } else {
        rows.append(index)
        queries += pair
      }
    }
    let progress = Progress("rows", total: rows.count, console: arguments.console)
    defer { progress.finish() }
    var scores: [Int: (first: Double, second: Double)] = [:]
    for (offset, index) in rows.enumerated() {
      let pair = scorer.scores(Array(queries[2 * offset...2 * offset + 1]))
      guard pair.allSatisfy(\.isFinite) else {
        throw UserError(
          "a score is not finite", at: "\(file.name):\(file.rows[index].line)", because: "the model gives \(pair)",
          advice: "train the score model again", exitCode: .numericalFailure)
      }
      scores[index] = (pair[0], pair[1])
      progress.update(offset + 1)
    }
    labelling.supply(kind, scores: scores)
  }
  let lines = try labelling.rows.map { try $0.line(digests: digests) }
  let written = lines.compactMap(\.self)
  return LabelReport(
    lines: written,
    summary: LabelReport.Summary(
      data: file.sha256,
      models: Dictionary(uniqueKeysWithValues: digests.map { ($0.key.rawValue, $0.value) }),
      supplied: labelling.counts, written: written.count, unordered: lines.count - written.count,
      overLong: overLong.count, unusable: file.unusable.count))
}
