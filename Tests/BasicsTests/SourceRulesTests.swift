import Foundation
import TestSupport
import Testing

/// Rules about the sources that no compiler checks.
@Suite struct SourceRulesTests {
  /// Randomness that no seed decides, as regular expressions.
  static let unseeded = [
    #"\.shuffled?\(\)"#, #"\.random\(in:[^)]*\)"#, #"\.randomElement\(\)"#, #"Bool\.random\(\)"#,
    #"SystemRandomNumberGenerator"#, #"arc4random|drand48|\brand\(\)|\brandom\(\)"#,
  ]

  @Test func `all randomness comes from a seed`() throws {
    let finds = try find(Self.unseeded, in: swiftFiles("Sources"))
    #expect(finds.isEmpty, "\(finds)")
  }

  @Test func `the rule finds unseeded randomness and lets seeded pass`() throws {
    let unseeded = [
      "a.shuffle()", "a.shuffled()", "Int.random(in: 0..<3)", "x.randomElement()", "Bool.random()", "rand()",
    ]
    for line in unseeded { #expect(try matches(Self.unseeded, line), "\(line)") }
    let seeded = ["a.shuffle(using: &r)", "Int.random(in: 0..<3, using: &r)", "x.randomElement(using: &r)", "brand()"]
    for line in seeded { #expect(try !matches(Self.unseeded, line), "\(line)") }
  }

  @Test func `libraries print nothing`() throws {
    let libraries = try swiftFiles("Sources").filter { !$0.path.contains("/Sources/bfpo/") }
    let finds = try find([#"(^|[^\w.])(print|debugPrint|dump|NSLog|fputs|puts)\("#], in: libraries)
    #expect(finds.isEmpty, "\(finds)")
  }

  @Test func `objectives, theory and figures need no Foundation`() throws {
    let files = try swiftFiles("Sources").filter {
      file in ["Objectives", "Theory", "Plotting"].contains { file.path.contains("/Sources/\($0)/") }
    }
    #expect(!files.isEmpty)
    #expect(try find(["^import (Foundation|FoundationEssentials|Dispatch)"], in: files).isEmpty)
  }

  @Test func `a file holds one idea: at most 400 lines`() throws {
    for file in try swiftFiles("Sources") + swiftFiles("Tests") {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        .count
      #expect(lines <= 401, "\(file.lastPathComponent) has \(lines - 1) lines")
    }
  }

  @Test func `no work is left as a note`() throws {
    let notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].map { #"\b"# + $0 + #"\b"# }
    #expect(try find(notes, in: swiftFiles("Sources") + swiftFiles("Tests")).isEmpty)
  }

  private func swiftFiles(_ folder: String) throws -> [URL] {
    let root = packageRoot.appending(path: folder)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
    try #require(!paths.isEmpty)
    return paths.sorted().map { root.appending(path: $0) }
  }

  /// The lines that match, as `file:line: text`, without comments.
  private func find(_ patterns: [String], in files: [URL]) throws -> [String] {
    var finds: [String] = []
    for file in files {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        if try matches(patterns, String(line)) { finds.append("\(file.lastPathComponent):\(number + 1): \(line)") }
      }
    }
    return finds
  }

  private func matches(_ patterns: [String], _ line: String) throws -> Bool {
    try patterns.contains { pattern in
      let expression = try NSRegularExpression(pattern: pattern)
      let found = expression.matches(in: line, range: NSRange(line.startIndex..., in: line))
      return found.contains { match in
        guard let range = Range(match.range, in: line) else { return false }
        return !line[range].contains("using:")
      }
    }
  }
}
