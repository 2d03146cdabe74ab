import Basics

/// Reads the words after a command's name.
///
/// Understands `--name value`, `--name=value`, `-n value`, joined short flags (`-nq`), `--` (everything after it is positional),
/// and `-` and negative numbers as values.
struct ArgumentParser {
  let command: Command
  private var given: [String: [String]] = [:]
  private var loose: [String] = []

  private init(_ command: Command) { self.command = command }

  /// - Throws: ``UserError`` (64) for anything that the command does not declare.
  static func parse(
    _ words: [String], command: Command, console: Console, environment: [String: String]
  ) throws -> Arguments {
    var parser = ArgumentParser(command)
    try parser.read(words)
    let arguments = Arguments(
      command: command, console: console, positionals: try parser.assignPositionals(), given: parser.given,
      environment: environment)
    try parser.checkChoices(arguments)
    return arguments
  }

  private mutating func read(_ words: [String]) throws {
    var position = 0
    while position < words.count {
      let word = words[position]
      position += 1
      if word == "--" {
        loose += words[position...]
        return
      } else if word.hasPrefix("--") {
        try readLong(word, words, &position)
      } else if word.hasPrefix("-"), word.count > 1, Double(word) == nil {
        try readShort(word, words, &position)
      } else {
        loose.append(word)
      }
    }
  }

  private mutating func readLong(_ word: String, _ words: [String], _ position: inout Int) throws {
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let attached = parts.count > 1 ? String(parts[1]) : nil
    if let option = command.options.first(where: { $0.name == name }) {
      try add(option, try attached ?? value(of: "--\(name)", option, words, &position))
    } else if command.allFlags.contains(where: { $0.name == name }) {
      if let attached {
        throw usage("`--\(name)` takes no value, got `\(attached)`", advice: "write `--\(name)`")
      }
      given[name] = []
    } else {
      let names = command.options.map { "--" + $0.name } + command.allFlags.map { "--" + $0.name }
      throw usage("unknown option `--\(name)`", advice: suggestion(for: "--\(name)", among: names))
    }
  }

  private mutating func readShort(_ word: String, _ words: [String], _ position: inout Int) throws {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      if let flag = command.allFlags.first(where: { $0.short == letter }) {
        given[flag.name] = []
      } else if let option = command.options.first(where: { $0.short == letter }) {
        if letters.isEmpty {
          try add(option, try value(of: "-\(letter)", option, words, &position))
        } else {
          try add(option, String(letters.first == "=" ? letters.dropFirst() : letters))
        }
        return
      } else {
        let known = command.allFlags.compactMap(\.short) + command.options.compactMap(\.short)
        throw usage(
          "unknown option `-\(letter)`", advice: "known: " + known.map { "-\($0)" }.sorted().joined(separator: ", "))
      }
    }
  }

  private func value(of spelling: String, _ option: Option, _ words: [String], _ position: inout Int) throws -> String {
    let isMissing =
      position >= words.count
      || (words[position].hasPrefix("-") && words[position].count > 1 && Double(words[position]) == nil)
    if isMissing {
      throw usage(
        "`\(spelling)` needs a value", advice: "write `\(spelling) \(option.value)`: \(option.help)")
    }
    position += 1
    return words[position - 1]
  }

  private mutating func add(_ option: Option, _ value: String) throws {
    if let earlier = given[option.name]?.last, !option.isRepeated {
      throw usage(
        "`--\(option.name)` is given twice, as `\(earlier)` and `\(value)`", advice: "give it once")
    }
    given[option.name, default: []].append(value)
  }

  private func checkChoices(_ arguments: Arguments) throws {
    for option in command.options where !option.choices.isEmpty {
      for value in arguments.options(option.name) where !option.choices.contains(value) {
        throw UserError(
          "`\(value)` is not a value of `--\(option.name)`", at: arguments.place(option.name),
          advice: suggestion(for: value, among: option.choices), exitCode: .usage)
      }
    }
  }

  private func assignPositionals() throws -> [String: [String]] {
    var values: [String: [String]] = [:]
    var rest = loose[...]
    for positional in command.positionals {
      if positional.isRepeated {
        values[positional.name] = Array(rest)
        rest = []
      } else if let value = rest.popFirst() {
        values[positional.name] = [value]
      }
      if positional.isRequired, values[positional.name, default: []].isEmpty, given[Flag.help.name] == nil {
        throw usage("`\(command.name)` needs \(positional.name)", because: positional.help)
      }
    }
    if let surplus = rest.first {
      throw usage(
        "unexpected argument `\(surplus)`",
        because: command.positionals.isEmpty
          ? "`\(command.name)` takes options only" : "`\(command.name)` takes \(Help.shape(command))")
    }
    return values
  }

  private func usage(_ what: String, because why: String? = nil, advice: String? = nil) -> UserError {
    UserError(
      what, at: "./bfpo \(command.name)", because: why, advice: advice ?? "./bfpo \(command.name) --help",
      exitCode: .usage)
  }
}
