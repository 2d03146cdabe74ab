import Basics
import Preferences

extension Command {
  static let dataCheck = Command(
    name: "data check",
    summary: "Look for unusable, repeated and overlapping rows, and count labels.",
    discussion: """
      Several files are also compared with each other: rows that two of them share must not be trained on in one and
      tested in the other. With `--strict` anything found ends with exit code 65.
      """,
    examples: [
      Example("./bfpo data check hh_dual_labelled.jsonl", "one file"),
      Example("./bfpo data check train.jsonl test.jsonl --strict", "fail if the two share a prompt"),
      Example("./bfpo data check hh_harmless_base_test.jsonl.gz --order safety --json", "for a program"),
    ],
    positionals: [.dataFile(isRepeated: true)],
    options: [.dataFormat, .dataOrder],
    flags: [.json, Flag("strict", "Fail (exit code 65) if anything is found.")],
    next: "./bfpo data inspect hh_dual_labelled.jsonl"
  ) { arguments in
    let files = try arguments.positionalList("FILE").map { try arguments.preferenceFile($0) }
    let report = DataCheckReport(files)
    arguments.console.output(arguments.isJSON ? try canonicalJSON(report, pretty: true) : report.text())
    if arguments.flag("strict"), let complaint = report.complaint {
      throw UserError(
        "the data is not clean", at: files.map(\.name).joined(separator: ", "), because: complaint,
        advice: "remove those rows, or leave `--strict` out: training drops unusable rows and counts them",
        exitCode: .badData)
    }
    return .success
  }
}

/// Every file by itself and against every other.
private struct DataCheckReport: Encodable {
  struct Pair: Encodable {
    var first: String
    var second: String
    var overlap: DataOverlap
  }

  var schema = 1
  var files: [DataCheck]
  var overlaps: [Pair] = []

  init(_ files: [PreferenceFile]) {
    self.files = files.map { DataCheck($0) }
    let comparisons = files.map { $0.rows.map(\.comparison) }
    for first in files.indices {
      for second in files.indices where second > first {
        overlaps.append(
          Pair(
            first: files[first].name, second: files[second].name,
            overlap: overlap(between: comparisons[first], and: comparisons[second])))
      }
    }
  }

  /// What a strict check objects to, or nil.
  var complaint: String? {
    let unusable = files.reduce(0) { $0 + $1.unusable.values.reduce(0) { $0 + $1.count } }
    let repeated = files.reduce(0) { $0 + $1.repetitions.count }
    let shared = overlaps.reduce(0) { $0 + $1.overlap.conversations }
    let parts = [(unusable, "unusable rows"), (repeated, "repeated rows"), (shared, "conversations in two files")]
    let found = parts.filter { $0.0 > 0 }.map { "\(grouped($0.0)) \($0.1)" }
    return found.isEmpty ? nil : found.joined(separator: ", ")
  }

  func text() -> String {
    var text = files.map { Self.text($0) }.joined(separator: "\n")
    if !overlaps.isEmpty {
      let rows = overlaps.map { pair in
        [pair.first, pair.second] + [pair.overlap.conversations, pair.overlap.prompts, pair.overlap.pairs].map(grouped)
      }
      text +=
        "\n"
        + Table(
          rows, header: ["file", "and file", "conversations shared", "prompts", "pairs"],
          alignment: [.left, .left, .right, .right, .right]
        ).text()
    }
    return text
  }

  private static func text(_ check: DataCheck) -> String {
    let file = check.file
    var rows: [[String]] = [
      ["format", file.format.rawValue + (file.order.map { ", chosen by \($0.rawValue)" } ?? "")],
      ["rows", "\(grouped(file.rows)), \(grouped(check.labels.prompts)) prompts"],
      ["sha256", file.sha256],
    ]
    for (reason, lines) in check.unusable.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      rows.append(["unusable", "\(grouped(lines.count)) × \(reason.title): \(listed(lines, word: "line"))"])
    }
    if check.unusable.isEmpty { rows.append(["unusable", "none"]) }
    let contradictions = check.repetitions.filter(\.contradicts)
    rows.append(["repeated", repeated(check.repetitions.map(\.line), contradictions.map(\.line))])
    rows += labels(check.labels)
    if file.format.needsOrder, file.order == nil {
      rows.append(["note", "which order `chosen` follows is not in the file: name it with `--order`"])
    }
    rows.append(["prompts", lengths(check.promptLengths)])
    rows.append(["responses", lengths(check.responseLengths)])
    for (name, estimate) in [("more helpful", check.betterIsLonger), ("safer", check.saferIsLonger)] {
      if let estimate { rows.append(["length", "the \(name) response is the longer one in \(percent(estimate))"]) }
    }
    return file.name + "\n" + Table(rows.map { [" "] + $0 }, header: nil).text()
  }

  private static func labels(_ labels: LabelStatistics) -> [[String]] {
    let orders = labels.orders
    let flags = labels.flags
    var rows = [
      [
        "orders",
        counted([
          ("agree", orders.agree), ("in conflict", orders.disagree), ("helpfulness only", orders.onlyBetter),
          ("safety only", orders.onlySafer), ("none", orders.neither),
        ]),
      ],
      [
        "flags",
        counted([
          ("both safe", flags.bothSafe), ("one safe", flags.mixed), ("both unsafe", flags.bothUnsafe),
          ("not known", flags.unknown),
        ]),
      ],
    ]
    if flags.mixedUnsafeIsSafer > 0 {
      rows.append([
        "warning", "in \(grouped(flags.mixedUnsafeIsSafer)) rows the unsafe response is called the safer one",
      ])
    }
    if labels.sources.keys.contains(where: { !$0.isEmpty }) {
      rows.append(["sources", counted(labels.sources.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })])
    }
    return rows
  }

  private static func counted(_ counts: [(name: String, count: Int)]) -> String {
    counts.filter { $0.count > 0 }.map { "\(grouped($0.count)) \($0.name.isEmpty ? "without" : $0.name)" }
      .joined(separator: ", ")
  }

  private static func repeated(_ lines: [Int], _ contradicting: [Int]) -> String {
    if lines.isEmpty { return "none" }
    let all = "\(grouped(lines.count)) pairs that came before: \(listed(lines, word: "line"))"
    if contradicting.isEmpty { return all }
    return all + "; \(grouped(contradicting.count)) with other labels: \(listed(contradicting, word: "line"))"
  }

  /// The first ten numbers, and how many more there are.
  private static func listed(_ numbers: [Int], word: String) -> String {
    let first = numbers.prefix(10).map(String.init).joined(separator: ", ")
    return "\(word)\(numbers.count == 1 ? "" : "s") \(first)"
      + (numbers.count > 10 ? ", and \(numbers.count - 10) more" : "")
  }

  private static func lengths(_ lengths: DataCheck.Lengths) -> String {
    "median \(grouped(lengths.median)), 90 % up to \(grouped(lengths.p90)), longest \(grouped(lengths.maximum)) characters"
  }

  private static func percent(_ estimate: Estimate) -> String {
    func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 10)" }
    return "\(rounded(estimate.mean)) % [\(rounded(estimate.low)), \(rounded(estimate.high))] of \(grouped(estimate.n))"
  }
}
