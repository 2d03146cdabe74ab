import Foundation
import TestSupport
import Testing

/// The generated help, for every command there is.
@Suite struct HelpTests {
  /// The names in the list of commands.
  static let names: [String] = {
    guard let overview = try? runProgram(["--help"]).output, let list = overview.range(of: "Commands\n") else {
      return []
    }
    let lines = overview[list.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
    return lines.prefix { $0.hasPrefix("  ") }.map { line in
      let name = line.dropFirst(2).prefix { $0 != "." && !$0.isUppercase }
      return name.trimmingCharacters(in: .whitespaces)
    }
  }()

  @Test func `no arguments, --help and help print the overview, --version the version`() throws {
    let overview = try runProgram([])
    #expect(overview.status == 0 && overview.errors.isEmpty)
    for words in [["--help"], ["help"], ["-h"]] { #expect(try runProgram(words).output == overview.output) }
    #expect(try runProgram(["--version"]).output.hasPrefix("bfpo "))
    #expect(Self.names.contains("explain") && Self.names.contains("sweep run"), "\(Self.names)")
  }

  @Test(arguments: HelpTests.names) func `three examples first, each with options that exist`(name: String) throws {
    let words = name.split(separator: " ").map(String.init)
    let help = try runProgram(words + ["--help"])
    #expect(help.status == 0 && help.errors.isEmpty)
    #expect(try runProgram(["help"] + words).output == help.output)
    let parts = help.output.components(separatedBy: "\nUsage\n")
    #expect(parts.count == 2)
    let lines = parts[0].split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("      ") }
    let examples = lines.filter { $0.contains("./bfpo \(words[0])") }
    #expect(examples.count == 3, "\(name)")
    for example in examples {
      for word in example.split(separator: " ") where word.hasPrefix("--") {
        let option = word.prefix { $0 != "=" }
        #expect(parts[1].contains("\(option) ") || parts[1].contains("\(option)\n"), "\(name): \(option)")
      }
    }
  }

  @Test(arguments: ["sweep", "model", "data"]) func `a group's help lists its commands`(group: String) throws {
    guard Self.names.contains(where: { $0.hasPrefix(group + " ") }) else { return }
    let help = try runProgram([group, "--help"])
    #expect(help.status == 0)
    for name in Self.names where name.hasPrefix(group + " ") { #expect(help.output.contains("  \(name) ")) }
  }

  @Test func `every command line of the README names a command that exists, and every command is in it`() throws {
    let readme = try String(contentsOf: packageRoot.appending(path: "README.md"), encoding: .utf8)
    let known = Set(Self.names.flatMap { [$0, String($0.prefix { $0 != " " })] } + ["test"])
    for line in readme.split(separator: "\n") where line.hasPrefix("./bfpo ") {
      let words = line.split(separator: " ").dropFirst().map(String.init)
      #expect(known.contains(words[0]) || words[0].hasPrefix("-"), "\(line)")
    }
    for name in Self.names { #expect(readme.contains("./bfpo \(name)"), "README.md does not mention `\(name)`") }
  }
}
