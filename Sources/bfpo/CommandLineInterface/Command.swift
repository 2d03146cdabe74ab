import Basics
import Kernels

/// One command of the program: what it is called, what it takes, and what it does.
///
/// A command is a value. Adding one is a file `Sources/bfpo/Commands/NAME.swift` with
///
///     extension Command {
///       static let score = Command(
///         name: "score", summary: "Print the log-probability of responses.",
///         examples: [Example("./bfpo score --model Models/m.gguf --data x.jsonl --json", "one object a line"), …],
///         positionals: [], options: [.model], flags: [.json],
///         next: "./bfpo generate --model Models/m.gguf"
///       ) { arguments in
///         arguments.console.output("…")
///         return .success
///       }
///     }
///
/// and the line `.score,` in `Commands.swift`. Parsing, help, suggestions and completions follow from the value.
struct Command: Sendable {
  /// One or two words, such as `loss` or `model fetch`.
  var name: String
  /// One sentence, for the list of commands.
  var summary: String
  /// Anything more that a reader of the help needs; empty if nothing.
  var discussion = ""
  /// Exactly three, ready to be copied.
  var examples: [Example]
  var positionals: [Positional] = []
  var options: [Option] = []
  var flags: [Flag] = []
  /// `bfpo sweep` alone means the command of the group that has this set.
  var isGroupDefault = false
  /// The command to run after this one, named at the end on a terminal.
  var next: String
  var run: @Sendable (Arguments) throws -> ExitCode

  var words: [String] { name.split(separator: " ").map(String.init) }
  /// `model` of `model fetch`; nil for a command of one word.
  var group: String? { words.count > 1 ? words[0] : nil }
  /// Its own flags and the ones that every command has.
  var allFlags: [Flag] { flags + Flag.everywhere }
}

/// A command line to copy, and what it is for.
struct Example: Sendable {
  var line: String
  var purpose: String

  init(_ line: String, _ purpose: String) {
    self.line = line
    self.purpose = purpose
  }
}

/// An argument known by its place. Only the last one may repeat, and no required one follows an optional one.
struct Positional: Sendable {
  var name: String
  var help: String
  var isRequired = true
  var isRepeated = false
  var defaultText: String?

  init(
    _ name: String, _ help: String, isRequired: Bool = true, isRepeated: Bool = false, defaultText: String? = nil
  ) {
    self.name = name
    self.help = help
    self.isRequired = isRequired
    self.isRepeated = isRepeated
    self.defaultText = defaultText
  }
}

/// A named argument with a value: `--model PATH`, `--model=PATH`, or the environment's `BFPO_MODEL`.
struct Option: Sendable {
  /// The long name without dashes.
  var name: String
  var short: Character?
  /// What stands for the value in the help, such as `PATH`.
  var value: String
  var help: String
  /// Whether it may be given more than once, as `--set tau=0.1 --set alpha=0.5`.
  var isRepeated = false
  /// The only values allowed; empty when anything goes.
  var choices: [String] = []
  /// What happens without it, for the help. The command itself applies the default, after the specification file.
  var defaultText: String?

  init(
    _ name: String, short: Character? = nil, value: String, _ help: String, isRepeated: Bool = false,
    choices: [String] = [], defaultText: String? = nil
  ) {
    precondition(!["home", "shared"].contains(name), "BFPO_\(name.uppercased()) has another meaning")
    self.name = name
    self.short = short
    self.value = value
    self.help = help
    self.isRepeated = isRepeated
    self.choices = choices
    self.defaultText = defaultText
  }
}

/// A named argument without a value. The environment sets it by `BFPO_NAME=1`.
struct Flag: Sendable {
  var name: String
  var short: Character?
  var help: String

  init(_ name: String, short: Character? = nil, _ help: String) {
    self.name = name
    self.short = short
    self.help = help
  }

  static let json = Flag("json", "Print JSON instead of text.")
  static let dryRun = Flag("dry-run", short: "n", "Say what would be done, and do nothing.")
  static let help = Flag("help", short: "h", "Print this help.")
  static let quiet = Flag("quiet", short: "q", "Print results and errors only.")
  static let verbose = Flag("verbose", short: "v", "Print more about what is being done.")
  static let everywhere = [quiet, verbose, help]
}

extension Option {
  static let precision = Option(
    "precision", value: "NAME", "What products with weights multiply; sums are always float32.",
    choices: Precision.allCases.map(\.rawValue), defaultText: "float32")
  static let model = Option(
    "model", short: "m", value: "PATH", "A GGUF file, a safetensors folder, or a name in `Models/`.",
    defaultText: "the model of `./bfpo model fetch`")
  static let set = Option(
    "set", value: "NAME=VALUE", "Set one hyper-parameter; may be given several times.", isRepeated: true)
}

/// The environment variable that gives an option or a flag its value: `--page-size` is `BFPO_PAGE_SIZE`.
func environmentName(_ name: String) -> String {
  "BFPO_" + name.uppercased().replacing("-", with: "_")
}
