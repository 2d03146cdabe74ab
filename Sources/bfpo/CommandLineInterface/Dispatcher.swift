import Basics
import Foundation
import Kernels

/// Finds the command that a command line names, runs it, and turns whatever happens into an exit code.
struct Dispatcher {
  let commands: [Command]
  let environment: [String: String]

  /// - Parameter words: the command line without the program's name.
  func run(_ words: [String]) -> ExitCode {
    // A closed pipe is then an error of `write`, which the console treats.
    signal(SIGPIPE, SIG_IGN)
    var console = Console(environment: environment)
    do {
      let code = try dispatch(words, &console)
      console.flush()
      return code
    } catch let error as UserError {
      console.flush()
      writeToStandardError("\(error)\n")
      return error.exitCode
    } catch {
      console.flush()
      writeToStandardError(
        "error: \(error)\n  why: this is a defect of bfpo, not of your input\n"
          + "  try: report it with the command line and the output of `./bfpo doctor`\n")
      return .bug
    }
  }

  private func dispatch(_ words: [String], _ console: inout Console) throws -> ExitCode {
    try checkEngineOverride()
    var words = words[...]
    var leading: [String] = []
    while let word = words.first, ["-q", "--quiet", "-v", "--verbose"].contains(word) {
      leading.append(word)
      words = words.dropFirst()
    }
    if words.first == "help" { words = words.dropFirst() + ["--help"] }
    switch words.first {
    case nil, "-h", "--help":
      console.output(Help.overview(commands))
      return .success
    case "--version":
      console.output("bfpo \(toolVersion)")
      return .success
    case let name?:
      return try runCommand(name, Array(words.dropFirst()), leading, &console)
    }
  }

  private func runCommand(
    _ name: String, _ rest: [String], _ leading: [String], _ console: inout Console
  ) throws -> ExitCode {
    guard let (command, words) = try resolve(name, rest) else {
      console.output(Help.group(name, commands.filter { $0.group == name }))
      return .success
    }
    var arguments = try ArgumentParser.parse(
      leading + words, command: command, console: console, environment: environment)
    if arguments.flag(Flag.help.name) {
      console.output(Help.page(command))
      return .success
    }
    if arguments.flag(Flag.verbose.name) { console.verbosity = .verbose }
    if arguments.flag(Flag.quiet.name) { console.verbosity = .quiet }
    arguments = arguments.with(console)
    let code = try command.run(arguments)
    console.flush()
    if code == .success, console.isTerminal {
      console.note(console.coloured("next: \(nextCommand.withLock { $0 } ?? command.next)", "2"))
    }
    return code
  }

  /// The command and its remaining words; nil when the help of a whole group is wanted.
  private func resolve(_ name: String, _ rest: [String]) throws -> (Command, [String])? {
    let group = commands.filter { $0.group == name }
    // `train` is a command by itself, and `train reward` another.
    if let word = rest.first, let command = group.first(where: { $0.words[1] == word }) {
      return (command, Array(rest.dropFirst()))
    }
    if let command = commands.first(where: { $0.name == name }) { return (command, rest) }
    guard !group.isEmpty else {
      let names = commands.map { $0.words[0] } + ["help"]
      throw UserError(
        "unknown command `\(name)`", advice: suggestion(for: name, among: Array(Set(names)).sorted()),
        exitCode: .usage)
    }
    if rest.contains("--help") || rest.contains("-h") { return nil }
    let known = group.map { $0.words[1] }
    if let command = group.first(where: \.isGroupDefault) {
      if let word = rest.first, looksLikeCommand(word), let nearest = nearestName(to: word, among: known) {
        throw UserError(
          "unknown command `\(name) \(word)`", because: "there is no such command and no such file",
          advice: "did you mean `\(name) \(nearest)`?", exitCode: .usage)
      }
      return (command, rest)
    }
    let what = rest.first.map { "unknown command `\(name) \($0)`" } ?? "`\(name)` needs to know what to do"
    throw UserError(what, advice: suggestion(for: rest.first ?? "", among: known), exitCode: .usage)
  }

  /// Whether a word after `sweep` can only be a misspelt command, not a path or an option.
  private func looksLikeCommand(_ word: String) -> Bool {
    !word.hasPrefix("-") && !word.contains("/") && !word.contains(".")
      && !FileManager.default.fileExists(atPath: word)
  }
}

extension Arguments {
  /// The same arguments with another console.
  func with(_ console: Console) -> Arguments { Arguments(copying: self, console: console) }
}
