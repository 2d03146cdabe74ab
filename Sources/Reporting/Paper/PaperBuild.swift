import Basics
import Foundation
import Laboratory

/// What `bfpo paper` makes: the generated files as text, by path below the paper's folder.
public struct PaperBuild: Sendable {
  public static let folder = "generated"

  /// Path below the paper's folder → text.
  public private(set) var files: [String: String] = [:]
  /// Claim → the number as text.
  public private(set) var values: [(id: String, text: String)] = []
  /// Figures, to be turned into PDF.
  public private(set) var figures: [String] = []

  /// Reads the claims and the committed results.
  ///
  /// - Parameters:
  ///   - paper: the folder that holds `claims.json`.
  ///   - results: the folder that holds one folder per study.
  /// - Throws: ``UserError``: 66 when a file or study is missing, 65 when a claim chooses nothing, or not what it says.
  public init(paper: URL, results: URL) throws {
    let spec = try PaperSpec(contentsOf: paper.appendingPathComponent("claims.json"))
    var reader = ClaimReader { name, location in try Study(name, in: results, at: location) }
    for claim in spec.claims {
      values.append((claim.id, try reader.text(of: claim, at: "claims.json, claim `\(claim.id)`")))
    }
    let tables = try spec.tables.map { table in
      (table.id, try Self.table(table, &reader))
    }
    let studies = try spec.studies.map { try reader.study($0, at: "claims.json, studies") }
    let checklists = studies.map(checklist)

    add("macros.tex", latexMacros(values.map { ($0.id, latexText($0.text)) }, command: "result", about: Self.header))
    for (id, table) in tables { add("tables/\(id).tex", "% \(Self.header)\n" + table.latex()) }
    add("tables/methods.tex", "% \(Self.header)\n" + methodsLatex())
    add("checklist.tex", "% \(Self.header)\n" + checklists.map(\.latex).joined(separator: "\n"))
    for figure in spec.figures {
      let source = results.appendingPathComponent("\(figure.experiment)/\(figure.file)")
      let svg = try AtomicFile.read(
        source, advice: "`./bfpo sweep collect \(figure.experiment)` makes it from the records")
      add("figures/\(figure.id).svg", String(decoding: svg, as: UTF8.self))
      figures.append("\(Self.folder)/figures/\(figure.id).svg")
    }
    add("results.md", markdown(spec, tables: tables.map(\.1), checklists: checklists))
  }

  static let header = "Made by `./bfpo paper` from claims.json and Results/. Do not edit: change a claim, or a study."

  private mutating func add(_ name: String, _ text: String) { files["\(Self.folder)/\(name)"] = text }

  private static func table(_ spec: TableSpec, _ reader: inout ClaimReader) throws -> DataTable {
    let location = "claims.json, table `\(spec.id)`"
    let rows = try reader.rows(of: spec, at: location)
    let study = try reader.study(spec.experiment, at: location)
    let note = [spec.note, coverageText(study.seedCounts, study.counts) + "."].filter { !$0.isEmpty }
    return DataTable(
      title: spec.title, header: spec.lines.map(\.title) + spec.columns.map(\.title), rows: rows,
      textColumns: spec.lines.count, note: note.joined(separator: " "))
  }

  /// The same numbers for people without TeX.
  private func markdown(_ spec: PaperSpec, tables: [DataTable], checklists: [Checklist]) -> String {
    let claims = DataTable(
      title: "Numbers in the text", header: ["claim", "what", "study", "value"],
      rows: zip(spec.claims, values).map { [$0.id, $0.text, $0.experiment, $1.text] }, textColumns: 3, note: "")
    let figures = spec.figures.map { "![\($0.id)](figures/\($0.id).svg)\n" }
    let head = "# The paper's numbers\n\n\(Self.header)\n"
    return
      ([head, claims.markdown()] + tables.map { $0.markdown() } + [methodsTable().markdown()] + figures
      + ["## Reproducibility checklist\n"] + checklists.map(\.markdown)).joined(separator: "\n")
  }

  /// Writes the files, and removes generated text files that no claim asks for any more.
  ///
  /// - Throws: ``UserError`` (73).
  public func write(into paper: URL) throws {
    for path in orphans(in: paper) { try? FileManager.default.removeItem(at: paper.appendingPathComponent(path)) }
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      try AtomicFile.write(text, to: paper.appendingPathComponent(path))
    }
  }

  /// Generated files that are there and should not be; PDF figures are made from the SVG and are not looked at.
  func orphans(in paper: URL) -> [String] {
    let folder = paper.appendingPathComponent(Self.folder)
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { "\(Self.folder)/\($0)" }.filter { path in
      var isFolder: ObjCBool = false
      let exists = unsafe FileManager.default.fileExists(
        atPath: paper.appendingPathComponent(path).path, isDirectory: &isFolder)
      return exists && !isFolder.boolValue && !path.hasSuffix(".pdf") && files[path] == nil
    }
  }
}
