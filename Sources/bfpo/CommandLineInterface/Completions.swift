/// Completion scripts for shells, generated from the commands.
enum Completions {
  static let shells = ["bash", "zsh", "fish"]

  static func script(shell: String, _ commands: [Command]) -> String {
    switch shell {
    case "fish": fish(commands)
    case "zsh": "autoload -U +X bashcompinit && bashcompinit\n" + bash(commands)
    default: bash(commands)
    }
  }

  /// The first words, and what may follow each group.
  private static func tree(_ commands: [Command]) -> (firsts: [String], groups: [(name: String, words: [String])]) {
    var firsts: [String] = []
    var groups: [(name: String, words: [String])] = []
    for command in commands {
      if !firsts.contains(command.words[0]) { firsts.append(command.words[0]) }
      guard let group = command.group else { continue }
      if let index = groups.firstIndex(where: { $0.name == group }) {
        groups[index].words.append(command.words[1])
      } else {
        groups.append((group, [command.words[1]]))
      }
    }
    return (firsts, groups)
  }

  private static func bash(_ commands: [Command]) -> String {
    let (firsts, groups) = tree(commands)
    var cases = ""
    // The shell takes the first pattern that fits, and "train "* would fit `train reward`.
    for command in commands.filter({ $0.group != nil }) + commands.filter({ $0.group == nil }) {
      let options = command.options.map { "--" + $0.name } + command.allFlags.map { "--" + $0.name }
      let pattern = command.group == nil ? "\"\(command.name) \"*" : "\"\(command.name)\""
      cases += "    \(pattern)) words='\(options.joined(separator: " "))' ;;\n"
    }
    let defaults = commands.filter(\.isGroupDefault)
    for command in defaults {
      let options = command.options.map { "--" + $0.name } + command.allFlags.map { "--" + $0.name }
      cases += "    \"\(command.words[0]) \"*) words='\(options.joined(separator: " "))' ;;\n"
    }
    let seconds = groups.map {
      "    \($0.name)) COMPREPLY+=($(compgen -W '\($0.words.joined(separator: " "))' -- \"$current\")) ;;\n"
    }
    return """
      # Completion of bfpo. Load it with: source <(./bfpo completions bash)
      _bfpo() {
        local current=${COMP_WORDS[COMP_CWORD]} words=''
        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
          COMPREPLY=($(compgen -W '\(firsts.joined(separator: " ")) --help --version' -- "$current"))
          return
        fi
        case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in
      \(cases)  esac
        case "$current" in
          -*) COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;
        esac
        COMPREPLY=($(compgen -f -- "$current"))
        if [ "$COMP_CWORD" -eq 2 ]; then
          case "${COMP_WORDS[1]}" in
      \(seconds.joined())    esac
        fi
      }
      complete -o filenames -F _bfpo bfpo

      """
  }

  private static func fish(_ commands: [Command]) -> String {
    let (firsts, groups) = tree(commands)
    var lines = ["# Completion of bfpo. Load it with: ./bfpo completions fish | source"]
    for first in firsts {
      let summary = commands.first { $0.words[0] == first }?.summary ?? ""
      let text = groups.contains { $0.name == first } ? "" : " -d \(quoted(summary))"
      lines.append("complete -c bfpo -n __fish_use_subcommand -f -a \(first)\(text)")
    }
    for group in groups {
      let condition =
        "__fish_seen_subcommand_from \(group.name); and not __fish_seen_subcommand_from \(group.words.joined(separator: " "))"
      lines.append("complete -c bfpo -n \(quoted(condition)) -a \(quoted(group.words.joined(separator: " ")))")
    }
    for command in commands {
      let condition = command.words.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
      let start = "complete -c bfpo -n \(quoted(condition))"
      for option in command.options {
        let values = option.choices.isEmpty ? "" : " -f -a \(quoted(option.choices.joined(separator: " ")))"
        lines.append("\(start) -l \(option.name)\(short(option.short)) -r\(values) -d \(quoted(option.help))")
      }
      for flag in command.allFlags {
        lines.append("\(start) -l \(flag.name)\(short(flag.short)) -d \(quoted(flag.help))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func short(_ letter: Character?) -> String { letter.map { " -s \($0)" } ?? "" }

  /// A word in single quotes, for both kinds of shell as long as it has no backslash.
  private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: #"'\''"#) + "'" }
}
