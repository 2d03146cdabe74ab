import Basics
import Language

/// The comparisons that a specification names, in their parts, with the account of what happened to every row.
public struct LoadedData: Sendable {
  /// The parts of the split; one part named `all` when there is none.
  public let parts: [String: [Comparison<TextQuery>]]
  public let report: DataReport

  /// The comparisons of a part.
  ///
  /// - Throws: ``UserError`` (65) when the split has no such part.
  public func part(_ name: String) throws -> [Comparison<TextQuery>] {
    if let part = parts[name] { return part }
    throw UserError(
      "the data has no part `\(name)`", advice: suggestion(for: name, among: parts.keys.sorted()), exitCode: .badData)
  }
}

extension DataSpec {
  /// Reads, drops, supplies flags and splits as the specification says.
  ///
  /// - Parameter check: called with every row as it was read and its file and line; throwing refuses the data.
  /// - Throws: ``UserError`` naming the file and line, the missing file (66), or the setting that is wrong; whatever `check` throws.
  public func load(
    searchPath: DataSearchPath = .standard(), limits: ReadLimits = ReadLimits(),
    check: (_ row: Comparison<TextQuery>, _ place: String) throws -> Void = { _, _ in }
  ) throws -> LoadedData {
    if files.isEmpty {
      throw UserError("the data names no file", at: "`files`", advice: "name at least one", exitCode: .badData)
    }
    let split = try split.map { try PromptSplit(seed: $0.seed, fractions: $0.fractions, unit: $0.by, at: "`split`") }
    let read = try files.map { try self.read($0, searchPath: searchPath, limits: limits) }
    for file in read { for row in file.rows { try check(row.comparison, "\(file.name):\(row.line)") } }
    var report = DataReport()
    report.split = self.split
    report.flagRule = flags
    for file in read { report.add(file) }
    report.labelsRead = LabelStatistics(read.flatMap { $0.rows.map(\.comparison) })

    let curation = Curation(
      flagRule: flags, sources: Set(sources), requires: Set(requires), dropsDuplicates: dropDuplicates)
    let result = try curation.applied(to: read.flatMap(\.rows))
    report.dropped.add(DropCounts(result.dropped.map(\.reason)))
    report.flagsSupplied = result.flagsSupplied
    var parts = split?.parts(of: result.kept) ?? ["all": result.kept]
    report.inNoPart = result.kept.count - parts.values.reduce(0) { $0 + $1.count }
    if let maxRows {
      for (name, rows) in parts {
        parts[name] = sample(rows, count: maxRows)
        report.dropped.add(.overRowLimit, max(0, rows.count - maxRows))
      }
    }
    report.describe(parts, fractions: split?.fractions ?? ["all": 1])
    if report.kept == 0 { throw nothingLeft(report) }
    return LoadedData(parts: parts, report: report)
  }

  private func read(_ file: FileSpec, searchPath: DataSearchPath, limits: ReadLimits) throws -> PreferenceFile {
    let options = ReadOptions(
      format: file.format ?? format, order: file.order ?? order, ties: ties, source: file.source, limits: limits)
    return try PreferenceFile(reading: searchPath.find(file.name), name: file.name, options: options)
  }

  /// `count` of the rows, in their order: those with the smallest seeded hashes, so that a row stays chosen when others come or go.
  private func sample(_ rows: [Comparison<TextQuery>], count: Int) -> [Comparison<TextQuery>] {
    if rows.count <= count { return rows }
    let seed = SeedTree(split?.seed ?? 0).child("rows")
    let keys = rows.map { row in
      seed.child(row.promptID).child(row.first.response).child(row.second.response).key
    }
    let chosen = rows.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.prefix(max(0, count)).sorted()
    return chosen.map { rows[$0] }
  }

  private func nothingLeft(_ report: DataReport) -> UserError {
    let reasons = report.dropped.counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
    return UserError(
      "no pair of the data can be used", at: files.map(\.name).joined(separator: ", "),
      because: "of \(report.rowsRead) rows: "
        + reasons.map { "\($0.value) dropped for \($0.key.title)" }.joined(separator: ", "),
      advice: "look at `sources`, `requires` and `flags`, or run `bfpo data check`", exitCode: .badData)
  }
}

extension DataReport {
  fileprivate mutating func add(_ file: PreferenceFile) {
    let count = file.rows.count + file.unusable.count
    files.append(
      File(
        name: file.name, sha256: file.sha256, bytes: file.byteCount, format: file.format, order: file.order, rows: count
      ))
    rowsRead += count
    dropped.add(DropCounts(file.unusable.map(\.reason)))
  }

  fileprivate mutating func describe(_ comparisons: [String: [Comparison<TextQuery>]], fractions: [String: Double]) {
    let all = comparisons.keys.sorted().flatMap { comparisons[$0] ?? [] }
    kept = all.count
    labelsKept = LabelStatistics(all)
    parts = comparisons.sorted { $0.key < $1.key }.map { name, rows in
      Part(
        name: name, fraction: fractions[name] ?? 0, comparisons: rows.count, prompts: Set(rows.map(\.promptID)).count,
        share: kept == 0 ? 0 : Double(rows.count) / Double(kept))
    }
  }
}
