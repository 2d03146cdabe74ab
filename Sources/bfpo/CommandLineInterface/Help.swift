import Basics

/// The generated help: examples first, because they are what most readers came for.
enum Help {
  /// The page of the whole program.
  static func overview(_ commands: [Command]) -> String {
    var text = """
      bfpo \(toolVersion): compare preference-optimisation objectives that balance safety against helpfulness

      Examples
        ./bfpo sweep                     the default sweep on a synthetic world: a table and an SVG frontier
        ./bfpo explain bfpo              what an objective computes, and what its τ does
        ./bfpo doctor                    whether this machine has what the program needs

      Commands

      """
    text += list(commands)
    return text + """

      Results go to standard output, everything else to standard error. `./bfpo COMMAND --help` says more.
      An option's default can come from the environment: `BFPO_MODEL=PATH` stands for `--model PATH`.

      """
  }

  /// The page of a group such as `model`.
  static func group(_ name: String, _ commands: [Command]) -> String {
    "bfpo \(name): one of\n\n" + list(commands) + "\n`./bfpo \(name) COMMAND --help` says more.\n"
  }

  private static func list(_ commands: [Command]) -> String {
    Table(commands.map { ["  " + $0.name, $0.summary] }, header: nil).text()
  }

  /// The page of one command.
  static func page(_ command: Command) -> String {
    var text = "bfpo \(command.name): \(command.summary)\n\nExamples\n"
    for example in command.examples { text += "  \(example.line)\n      \(example.purpose)\n" }
    text += "\nUsage\n  ./bfpo \(command.name)\(shape(command).isEmpty ? "" : " " + shape(command)) [options]\n"
    if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
    if !command.positionals.isEmpty {
      let rows = command.positionals.map { ["  " + $0.name, $0.help + orElse($0.defaultText)] }
      text += "\nArguments\n" + Table(rows, header: nil).text()
    }
    let rows = command.options.map(row) + command.allFlags.map { ["  \(short($0.short))--\($0.name)", $0.help] }
    text += "\nOptions\n" + Table(rows, header: nil).text()
    return text
  }

  /// The positionals as they appear in a usage line: `SPEC [FILE…]`.
  static func shape(_ command: Command) -> String {
    command.positionals.map { positional in
      let name = positional.name + (positional.isRepeated ? "…" : "")
      return positional.isRequired ? name : "[\(name)]"
    }.joined(separator: " ")
  }

  private static func row(_ option: Option) -> [String] {
    let choices = option.choices.isEmpty ? "" : " One of: \(option.choices.joined(separator: ", "))."
    return [
      "  \(short(option.short))--\(option.name) \(option.value)", option.help + choices + orElse(option.defaultText),
    ]
  }

  private static func short(_ letter: Character?) -> String { letter.map { "-\($0), " } ?? "    " }
  private static func orElse(_ text: String?) -> String { text.map { " Default: \($0)." } ?? "" }
}
