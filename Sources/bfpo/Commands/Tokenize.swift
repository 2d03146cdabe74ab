import Basics
import Foundation
import Language

extension Command {
  static let tokenize = Command(
    name: "tokenize",
    summary: "Print the token ids of lines of text.",
    discussion: """
      Raw text: no template, no token before or after it, and nothing in it becomes a special token. Lines end at a line feed; a
      carriage return before it is part of the line. A last line without a line feed counts, an empty line has no tokens.
      """,
    examples: [
      Example("./bfpo tokenize --json < lines.txt", "one array of ids a line"),
      Example("./bfpo tokenize lines.txt", "ids with the text of each"),
      Example("./bfpo tokenize --model Models/other.gguf --json lines.txt", "another model's tokenizer"),
    ],
    positionals: [Positional("FILE", "UTF-8 text.", isRequired: false, defaultText: "standard input")],
    options: [.model],
    flags: [.json],
    next: "./bfpo model inspect"
  ) { arguments in
    let package = try ModelPackage(ModelLocation.standard().find(arguments.option("model")))
    let tokenizer = try package.tokenizer()
    let (data, source) = try inputBytes(arguments.positional("FILE"), arguments.console)
    var number = 0
    for line in lines(of: data) {
      number += 1
      guard let text = String(validating: line, as: UTF8.self) else {
        throw UserError(
          "a line is not valid UTF-8", at: "\(source), line \(number)", advice: "convert the text to UTF-8",
          exitCode: .badData)
      }
      let ids = tokenizer.encode(text)
      let words =
        arguments.isJSON ? ids.map(String.init) : ids.map { "\($0) \(tokenizer.decode([$0]).debugDescription)" }
      arguments.console.output(arguments.isJSON ? "[\(words.joined(separator: ","))]" : words.joined(separator: "  "))
    }
    return .success
  }
}

/// The bytes of a file, or of standard input when there is none, and what to call their source.
private func inputBytes(_ path: String?, _ console: Console) throws -> (data: Data, source: String) {
  if let path, path != "-" { return (try AtomicFile.read(URL(filePath: path)), path) }
  if isatty(STDIN_FILENO) == 1 { console.note("reading standard input; end it with Ctrl-D") }
  return (try FileHandle.standardInput.readToEnd() ?? Data(), "standard input")
}

/// The lines, each without its line feed.
private func lines(of data: Data) -> [Data.SubSequence] {
  var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  if lines.last?.isEmpty == true { lines.removeLast() }
  return lines
}
