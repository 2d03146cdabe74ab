import Basics

extension Command {
  static let completions = Command(
    name: "completions",
    summary: "Print a script that lets a shell complete commands and options.",
    examples: [
      Example("./bfpo completions bash > ~/.bfpo-completions.bash", "a file to source in .bashrc"),
      Example("./bfpo completions zsh > ~/.bfpo-completions.zsh", "a file to source in .zshrc"),
      Example("./bfpo completions fish | source", "for this session of fish"),
    ],
    positionals: [Positional("SHELL", "One of: bash, zsh, fish.")],
    next: "./bfpo --help"
  ) { arguments in
    let shell = arguments.positional("SHELL") ?? ""
    guard Completions.shells.contains(shell) else {
      throw UserError(
        "no completions for `\(shell)`", advice: suggestion(for: shell, among: Completions.shells), exitCode: .usage)
    }
    arguments.console.output(Completions.script(shell: shell, commands))
    return .success
  }
}
