import Basics

/// The parsed arguments of one command. Asking for a name that the command does not declare is a defect.
struct Arguments: Sendable {
  let command: Command
  let console: Console
  private let positionals: [String: [String]]
  private let given: [String: [String]]
  private let environment: [String: String]

  init(
    command: Command, console: Console, positionals: [String: [String]], given: [String: [String]],
    environment: [String: String]
  ) {
    self.command = command
    self.console = console
    self.positionals = positionals
    self.given = given
    self.environment = environment
  }

  init(copying other: Arguments, console: Console) {
    self.init(
      command: other.command, console: console, positionals: other.positionals, given: other.given,
      environment: other.environment)
  }

  /// Where the value of an option comes from, for provenance and messages.
  enum Origin: String, Codable, Sendable {
    case commandLine = "flag"
    case environment
    case none
  }

  // MARK: Positionals

  func positional(_ name: String) -> String? { positionalList(name).first }

  func positionalList(_ name: String) -> [String] {
    precondition(command.positionals.contains { $0.name == name }, "`\(command.name)` has no positional `\(name)`")
    return positionals[name] ?? []
  }

  // MARK: Flags

  func flag(_ name: String) -> Bool {
    precondition(command.allFlags.contains { $0.name == name }, "`\(command.name)` has no flag `\(name)`")
    if given[name] != nil { return true }
    guard let value = environment[environmentName(name)] else { return false }
    return !["", "0", "false", "no"].contains(value.lowercased())
  }

  var isJSON: Bool { flag(Flag.json.name) }
  var isDryRun: Bool { flag(Flag.dryRun.name) }

  // MARK: Options

  /// The value on the command line, else the environment's, else nil.
  func option(_ name: String) -> String? { options(name).last }

  /// The values of an option that may be repeated.
  func options(_ name: String) -> [String] {
    declared(name)
    if let values = given[name] { return values }
    return environment[environmentName(name)].map { [$0] } ?? []
  }

  func origin(_ name: String) -> Origin {
    declared(name)
    if given[name] != nil { return .commandLine }
    return environment[environmentName(name)] == nil ? .none : .environment
  }

  /// The value of an option that the command cannot do without.
  ///
  /// - Throws: ``UserError`` (64) when it is absent.
  func required(_ name: String) throws -> String {
    if let value = option(name) { return value }
    let option = declared(name)
    throw UserError(
      "`\(command.name)` needs `--\(name) \(option.value)`", because: option.help,
      advice: command.examples.first?.line ?? "`./bfpo \(command.name) --help`", exitCode: .usage)
  }

  /// A whole number within a range.
  ///
  /// - Throws: ``UserError`` (64) when the value is something else.
  func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
    guard let text = option(name) else { return nil }
    if let value = Int(text), range.contains(value) { return value }
    let limits =
      range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    throw wrongValue(name, text, "a whole number \(limits)")
  }

  /// A finite number.
  ///
  /// - Throws: ``UserError`` (64) when the value is something else.
  func number(_ name: String) throws -> Double? {
    guard let text = option(name) else { return nil }
    if let value = Double(text), value.isFinite { return value }
    throw wrongValue(name, text, "a finite number")
  }

  private func wrongValue(_ name: String, _ text: String, _ wanted: String) -> UserError {
    UserError("`\(text)` is not \(wanted)", at: place(name), advice: "give \(wanted)", exitCode: .usage)
  }

  /// `--tau` or `BFPO_TAU`, whichever gave the value.
  func place(_ name: String) -> String {
    origin(name) == .environment ? "environment variable \(environmentName(name))" : "--\(name)"
  }

  @discardableResult
  private func declared(_ name: String) -> Option {
    guard let option = command.options.first(where: { $0.name == name }) else {
      preconditionFailure("`\(command.name)` has no option `\(name)`")
    }
    return option
  }
}
