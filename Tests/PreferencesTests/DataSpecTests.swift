import Basics
import Foundation
import Language
import Preferences
import TestSupport
import Testing

@Suite struct DataSpecTests {
  private func spec(_ json5: String) throws -> DataSpec {
    try DataSpec(
      strictly: JSONValue(parsing: Data(json5.utf8), json5: true, source: "spec"), at: "x.json5, data")
  }

  @Test func `a specification is read with its defaults and written again`() throws {
    #expect(try spec("{files: 'a.jsonl'}") == DataSpec(files: ["a.jsonl"]))
    let full = try spec(
      """
      {files: ["a.jsonl", {name: "b.jsonl.gz", order: "safety", source: "harmless", format: "hh-rlhf"}], order: "helpfulness",
       format: "trl", flags: "hh-subset", sources: ["harmless"], requires: ["better", "flags"], ties: "keep",
       dropDuplicates: true, maxTokens: 512, maxPromptTokens: 256, maxRows: 10,
       split: {seed: 3, fractions: {train: 0.9, test: 0.1}, by: "prompt"}}
      """)
    #expect(full.files[1] == FileSpec(name: "b.jsonl.gz", format: .hhRLHF, order: .safety, source: "harmless"))
    #expect(full.requires == [.better, .flags])
    #expect(full.tokenLimits == TokenLimits(maxTokens: 512, maxPromptTokens: 256))
    #expect(full.split == SplitSpec(seed: 3, fractions: ["train": 0.9, "test": 0.1], by: .prompt))
    #expect(try JSONValue(encoding: full).decode(DataSpec.self) == full)
  }

  @Test(arguments: [
    ("{files: 'a', fromat: 'trl'}", "unknown key `fromat`", "did you mean `format`?"),
    ("{files: 'a', split: {fraction: {a: 1}}}", "unknown key `fraction`", "did you mean `fractions`?"),
    ("{files: [{name: 'a', ordre: 'safety'}]}", "unknown key `ordre`", "did you mean `order`?"),
    ("{files: 'a', order: 'helpfullness'}", "unknown name `helpfullness`", "did you mean `helpfulness`?"),
    ("{files: 'a', requires: ['safe']}", "unknown name `safe`", "did you mean `safer`?"),
    ("{files: 'a', flags: 'hhsubset'}", "unknown name `hhsubset`", "did you mean `hh-subset`?"),
  ])
  func `a misspelling is an error with the nearest name`(json5: String, what: String, advice: String) {
    let error = userError { _ = try spec(json5) }
    #expect(error?.what == what)
    #expect(error?.advice == advice)
    #expect(error?.exitCode == .badData)
  }

  @Test func `files are found as given, then along the search path; what is missing lists where it looked`() throws {
    try withTemporaryFolder { folder in
      let text = #"{"prompt": "p", "chosen": "a", "rejected": "b"}"#
      try Data(text.utf8).write(to: folder.appending(path: "d.jsonl"))
      let path = DataSearchPath(["/nowhere", folder.path])
      #expect(try path.find("d.jsonl").path == folder.appending(path: "d.jsonl").path)
      #expect(try path.find(folder.appending(path: "d.jsonl").path).lastPathComponent == "d.jsonl")
      let error = userError { _ = try path.find("e.jsonl") }
      #expect(error?.what == "data file not found: e.jsonl")
      #expect(error?.location == "looked at e.jsonl, /nowhere/e.jsonl, \(folder.path)/e.jsonl")
      #expect(error?.exitCode == .inputMissing)
      let absolute = userError { _ = try path.find("/nowhere/e.jsonl") }
      #expect(absolute?.location == "looked at /nowhere/e.jsonl")
    }
    let standard = DataSearchPath.standard(environment: ["BFPO_DATA_PATH": "/a:/b", "BFPO_HOME": "/h"])
    #expect(standard.folders == ["/a", "/b", "/h/Data", "/h/../shared/data/preference", "/h/../shared/data/prompts"])
    #expect(
      DataSearchPath.standard(environment: ["BFPO_SHARED": "/s"]).folders == [
        "./Data", "/s/data/preference", "/s/data/prompts",
      ])
  }

  private static let rows = """
    {"prompt": "p1", "response_0": "a", "response_1": "b", "better_response_id": 0, "safer_response_id": 1, "hh_subset": "harmless"}
    {"prompt": "p2", "response_0": "a", "response_1": "a ", "better_response_id": 0, "safer_response_id": 1, "hh_subset": "harmless"}
    {"prompt": "p3", "response_0": "", "response_1": "b", "better_response_id": 0, "safer_response_id": 1, "hh_subset": "harmless"}
    {"prompt": "  ", "response_0": "a", "response_1": "b", "better_response_id": 0, "safer_response_id": 1, "hh_subset": "helpful"}
    {"prompt": "p5", "response_0": "a", "response_1": "b", "better_response_id": null, "safer_response_id": 1, "hh_subset": "helpful"}
    {"prompt": "p6", "response_0": "a", "response_1": "b", "better_response_id": 1, "safer_response_id": 1, "hh_subset": "helpful"}
    {"prompt": "p6", "response_0": "b", "response_1": "a", "better_response_id": 0, "safer_response_id": 0, "hh_subset": "helpful"}
    """

  private func load(_ change: (inout DataSpec) -> Void) throws -> LoadedData {
    try withTemporaryFolder { folder in
      try Data(Self.rows.utf8).write(to: folder.appending(path: "d.jsonl"))
      var spec = DataSpec(files: ["d.jsonl"], format: .pkuSafeRLHF)
      change(&spec)
      return try spec.load(searchPath: DataSearchPath([folder.path]))
    }
  }

  @Test func `what cannot be used is dropped and counted`() throws {
    let data = try load { _ in }
    #expect(try data.part("all").map(\.id) == ["d.jsonl:1", "d.jsonl:5", "d.jsonl:6", "d.jsonl:7"])
    let report = data.report
    #expect(report.rowsRead == 7 && report.kept == 4)
    #expect(report.dropped.counts == [.identicalResponses: 1, .emptyResponse: 1, .emptyPrompt: 1])
    #expect(report.labelsRead.comparisons == 7 && report.labelsKept.comparisons == 4)
    #expect(report.files.map(\.name) == ["d.jsonl"])
    #expect(report.files[0].sha256 == SHA256.hex(of: Self.rows))
    #expect(report.parts == [.init(name: "all", fraction: 1, comparisons: 4, prompts: 3, share: 1)])
  }

  @Test func `requirements, sources, duplicates and flag rules`() throws {
    let data = try load {
      $0.requires = [.better, .safer, .flags]
      $0.flags = .hhSubset
      $0.dropDuplicates = true
    }
    #expect(try data.part("all").map(\.id) == ["d.jsonl:1", "d.jsonl:6"])
    #expect(try data.part("all").map(\.firstSafe) == [false, true])
    #expect(data.report.dropped[.missingOrder] == 1 && data.report.dropped[.duplicate] == 1)
    #expect(data.report.flagRule == .hhSubset && data.report.flagsSupplied == 2)
    let harmless = try load { $0.sources = ["harmless"] }
    #expect(harmless.report.kept == 1 && harmless.report.dropped[.otherSource] == 3)
    let noFlags = userError { _ = try load { $0.requires = [.flags] } }
    #expect(noFlags?.what == "no pair of the data can be used")
    #expect(noFlags?.why?.hasPrefix("of 7 rows: 4 dropped for no safety flags, 1 dropped for ") == true)
  }

  @Test func `rows are limited by hash, so that a row stays chosen`() throws {
    let two = try load { $0.maxRows = 2 }
    let three = try load { $0.maxRows = 3 }
    #expect(two.report.kept == 2 && two.report.dropped[.overRowLimit] == 2)
    #expect(Set(try two.part("all").map(\.id)).isSubset(of: try three.part("all").map(\.id)))
  }

  @Test func `a split is reported exactly, and a part that is not there is suggested`() throws {
    let data = try load { $0.split = SplitSpec(seed: 1, fractions: ["train": 0.5, "test": 0.5]) }
    #expect(data.report.parts.map(\.name) == ["test", "train"])
    #expect(data.report.parts.reduce(0) { $0 + $1.comparisons } == 4)
    #expect(abs(data.report.parts.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(userError { _ = try data.part("trian") }?.advice == "did you mean `train`?")
    let report = try canonicalJSON(data.report)
    #expect(try JSONDecoder().decode(DataReport.self, from: Data(report.utf8)) == data.report)
    #expect(report.contains(#""dropped":{"emptyPrompt":1,"emptyResponse":1,"identicalResponses":1}"#))
  }
}
