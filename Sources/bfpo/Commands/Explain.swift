import Basics
import Objectives

extension Command {
  static let explain = Command(
    name: "explain",
    summary: "Say what an objective computes and what its hyper-parameters do.",
    examples: [
      Example("./bfpo explain", "a table of every objective"),
      Example("./bfpo explain bfpo", "one objective: formula, label table, defaults, source"),
      Example("./bfpo explain ipo --json", "the same for a program"),
    ],
    positionals: [Positional("OBJECTIVE", "The objective's name.", isRequired: false)],
    flags: [.json],
    next: "./bfpo loss --objective bfpo --json < pairs.jsonl"
  ) { arguments in
    guard let name = arguments.positional("OBJECTIVE") else {
      let rows = catalogue.map { [$0.card.id, $0.card.equation, $0.card.source] }
      arguments.console.output(Table(rows, header: ["objective", "loss of one pair", "source"]).text())
      return .success
    }
    let card = try catalogueEntry(name).card
    arguments.console.output("\(card.title): \(card.equation)")
    return .success
  }
}
