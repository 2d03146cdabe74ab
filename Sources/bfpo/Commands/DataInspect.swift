import Basics
import Language
import Preferences

extension Command {
  static let dataInspect = Command(
    name: "data inspect",
    summary: "Show rows as they are read: turns, responses, labels, and with a model their tokens.",
    discussion: """
      With `--model` every response is shown as the model is trained on it: token ids, the text of each, and the mask that
      says which of them are scored (the response with its one end-of-turn token).
      """,
    examples: [
      Example("./bfpo data inspect hh_dual_labelled.jsonl -n 2", "the first two rows"),
      Example("./bfpo data inspect hh_dual_labelled.jsonl --line 414", "one row that `data check` complained about"),
      Example("./bfpo data inspect pairs.jsonl --model Models/m.gguf --json", "with token ids and mask, for a program"),
    ],
    positionals: [.dataFile()],
    options: [
      Option("count", short: "n", value: "N", "How many rows.", defaultText: "3"),
      Option("line", value: "LINE", "Begin at this line of the file.", defaultText: "1"),
      .dataFormat, .dataOrder,
      Option(
        "flags", value: "RULE", "Supply missing safety flags by this rule.", choices: FlagRule.allCases.map(\.rawValue),
        defaultText: "none"),
      Option(
        "model", short: "m", value: "PATH", "Show tokens of this GGUF file, safetensors folder, or name in Models.",
        defaultText: "none, text only"),
      Option("template", value: "NAME", "A chat template in place of the model's own.", defaultText: "the model's"),
    ],
    flags: [.json],
    next: "./bfpo data check hh_dual_labelled.jsonl"
  ) { arguments in
    guard let name = arguments.positional("FILE") else { preconditionFailure("FILE is required") }
    let count = try arguments.integer("count", in: 1...1_000_000) ?? 3
    let line = try arguments.integer("line", in: 1...Int.max) ?? 1
    let rule = arguments.option("flags").flatMap(FlagRule.init(rawValue:)) ?? .none
    let file = try arguments.preferenceFile(name)
    let encoder = try arguments.option(Option.model.name).map { model in
      try loadModel(model, template: arguments.option("template")).encoder
    }
    let rows = file.rows.filter { $0.line >= line }.prefix(count)
    if rows.isEmpty {
      throw UserError(
        "there is no pair at line \(line) or after it", at: name,
        because: "the last pair is at line \(file.rows.last?.line ?? 0)", advice: "give a smaller `--line`",
        exitCode: .usage)
    }
    for row in rows {
      let inspected = InspectedRow(try rule.applied(to: row.comparison), line: row.line, encoder: encoder)
      arguments.console.output(arguments.isJSON ? try canonicalJSON(inspected) : inspected.text())
    }
    for row in file.unusable where row.line >= line && row.line <= (rows.last?.line ?? 0) {
      arguments.console.note("line \(row.line) is no pair: \(row.reason.title)")
    }
    return .success
  }
}

/// One row, ready to be shown.
private struct InspectedRow: Encodable {
  /// One response and what is known of it.
  struct Response: Encodable {
    var text: String
    var isBetter: Bool?
    var isSafer: Bool?
    var isSafe: Bool?
    var tokens: Tokens?

    /// `more helpful, unsafe`, or what is known of it.
    var labels: String {
      let words = [
        isBetter.map { $0 ? "more helpful" : "less helpful" }, isSafer.map { $0 ? "safer" : "less safe" },
        isSafe.map { $0 ? "flagged safe" : "flagged unsafe" },
      ].compactMap(\.self)
      return words.isEmpty ? "no labels" : words.joined(separator: ", ")
    }
  }

  /// A prompt and a response as the model sees them.
  struct Tokens: Encodable {
    /// Prompt, then response [n].
    var ids: [Int32]
    /// The text of each id [n]; a token that is a part of a character shows the replacement character.
    var texts: [String]
    /// Whether a token is scored [n].
    var scored: [Bool]

    init(_ query: TokenQuery, _ tokenizer: Tokenizer) {
      ids = query.prompt + query.response
      texts = ids.map { tokenizer.decode([$0], special: true) }
      scored = ids.indices.map { $0 >= query.prompt.count }
    }

    func table() -> String {
      let rows = ids.indices.map { [String(ids[$0]), scored[$0] ? "scored" : "–", texts[$0].debugDescription] }
      return Table(rows, header: ["id", "mask", "text"], alignment: [.right]).text()
    }
  }

  var schema = 1
  var id: String
  var line: Int
  var source: String
  var promptID: String
  var weight: Double
  var messages: [ChatMessage]
  var first: Response
  var second: Response

  init(_ comparison: Comparison<TextQuery>, line: Int, encoder: ChatEncoder?) {
    id = comparison.id
    self.line = line
    source = comparison.source
    promptID = comparison.promptID
    weight = comparison.weight
    messages = comparison.first.messages
    func response(_ query: TextQuery, _ slot: Slot, _ isSafe: Bool?) -> Response {
      Response(
        text: query.response, isBetter: comparison.better.map { $0 == slot },
        isSafer: comparison.safer.map { $0 == slot }, isSafe: isSafe,
        tokens: encoder.map { Tokens($0.encode(query), $0.tokenizer) })
    }
    first = response(comparison.first, .first, comparison.firstSafe)
    second = response(comparison.second, .second, comparison.secondSafe)
  }

  func text() -> String {
    var text =
      "── \(id)\(source.isEmpty ? "" : ", \(source)"), prompt \(promptID)\(weight == 1 ? "" : ", weight \(weight)")\n"
    for message in messages { text += "\(message.role): \(message.content)\n" }
    for (name, response) in [("first", first), ("second", second)] {
      text += "\n─ \(name) response: \(response.labels)\n\(response.text)\n"
      if let tokens = response.tokens { text += "\n" + tokens.table() }
    }
    return text
  }
}
