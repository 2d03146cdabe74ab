import Basics
import Foundation

/// Something in the paper that does not follow from the results.
public struct PaperProblem: Hashable, Sendable, Codable {
  /// Path below the paper's folder.
  public var file: String
  /// From 1.
  public var line: Int
  public var message: String

  /// `Paper/main.tex:12: …`.
  public func text(in paper: URL) -> String { "\(paper.appendingPathComponent(file).relativePath):\(line): \(message)" }
}

extension PaperBuild {
  /// Holds a paper's folder against what would be generated now, and its text against the rule of ``HandTypedNumbers``.
  ///
  /// - Throws: ``UserError`` when a file cannot be read.
  public func problems(in paper: URL) throws -> [PaperProblem] {
    var problems: [PaperProblem] = []
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      let file = paper.appendingPathComponent(path)
      guard FileManager.default.fileExists(atPath: file.path) else {
        problems.append(PaperProblem(file: path, line: 1, message: "the file is not there: run `./bfpo paper`"))
        continue
      }
      let committed = String(decoding: try AtomicFile.read(file), as: UTF8.self)
      if committed != text { problems.append(stale(path, committed: committed, current: text)) }
    }
    problems += orphans(in: paper).map {
      PaperProblem(file: $0, line: 1, message: "no claim asks for this file: run `./bfpo paper`, which removes it")
    }
    for path in try textFiles(of: paper) { problems += try textProblems(path, in: paper) }
    return problems
  }

  private func stale(_ path: String, committed: String, current: String) -> PaperProblem {
    let old = committed.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let new = current.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let line = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    func shown(_ lines: [String]) -> String {
      lines.indices.contains(line) ? "`\(lines[line].prefix(160))`" : "nothing"
    }
    return PaperProblem(
      file: path, line: line + 1,
      message: "stale: it has \(shown(old)), and the results say \(shown(new)): run `./bfpo paper`")
  }

  /// The paper's own LaTeX files.
  private func textFiles(of paper: URL) throws -> [String] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: paper.path)) ?? []
    let files = names.sorted().filter { $0.hasSuffix(".tex") && !$0.hasPrefix("\(Self.folder)/") }
    if !files.isEmpty { return files }
    throw UserError(
      "there is no paper to check", at: paper.relativePath, because: "the folder has no .tex file of its own",
      advice: "name the paper's folder by `--paper`", exitCode: .inputMissing)
  }

  private func textProblems(_ path: String, in paper: URL) throws -> [PaperProblem] {
    let text = String(decoding: try AtomicFile.read(paper.appendingPathComponent(path)), as: UTF8.self)
    var problems = HandTypedNumbers.findings(in: text).map {
      PaperProblem(file: path, line: $0.line, message: $0.message)
    }
    let known = values.map(\.id)
    for (index, line) in LatexMasker.withoutComments(text).enumerated() {
      for match in line.matches(of: /\\result\{([^}]*)\}/) where !known.contains(String(match.1)) {
        let nearest = nearestName(to: String(match.1), among: known).map { "did you mean `\($0)`?" }
        problems.append(
          PaperProblem(
            file: path, line: index + 1,
            message: "no claim is named `\(match.1)`: \(nearest ?? "add it to claims.json")"))
      }
    }
    return problems.sorted { $0.line < $1.line }
  }
}
