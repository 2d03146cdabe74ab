import Basics
import Foundation
import Language
import Preferences
import TestSupport
import Testing

/// Counts that the files are published with, or that an independent count in Python gave.
@Suite(.enabled(if: sharedFolder != nil, "\(needsSharedFolder)"))
struct RealDataTests {
  private func folder() throws -> URL { try #require(sharedFolder).appending(path: "data/preference") }

  private func file(_ name: String, order: CarriedOrder? = nil) throws -> PreferenceFile {
    try PreferenceFile(reading: folder().appending(path: name), options: ReadOptions(order: order))
  }

  private func load(_ spec: DataSpec) throws -> LoadedData {
    try spec.load(searchPath: DataSearchPath([try folder().path]))
  }

  @Test func `HH-RLHF with both orders: 1,934 rows, 882 in conflict, 1,052 from the harmless subset`() throws {
    let file = try file("hh_dual_labelled.jsonl")
    #expect(file.format == .hhDual)
    #expect(file.sha256 == "988ea1a4d3f97d1aa4c1c64e693fc8b31aea0b09caabfe611b3fe515ccb65642")
    #expect(file.rows.count == 1934 && file.unusable.isEmpty)
    let labels = LabelStatistics(file.rows.map(\.comparison))
    #expect(labels.orders.agree == 1052 && labels.orders.disagree == 882)
    #expect(labels.sources == ["harmless": 1052, "helpful": 882])
    #expect(labels.prompts == 1933)
    let check = DataCheck(file)
    #expect(check.unusable.mapValues(\.count) == [.emptyResponse: 5, .noUserTurn: 4])
    #expect(check.repetitions.isEmpty)
  }

  @Test func `the hh-subset rule flags every row, and the report says so`() throws {
    let data = try load(
      DataSpec(
        files: ["hh_dual_labelled.jsonl"], flags: .hhSubset, requires: [.better, .safer, .flags],
        split: SplitSpec(seed: 0, fractions: ["train": 0.8, "test": 0.2])))
    #expect(data.report.kept == 1925 && data.report.dropped.total == 9)
    #expect(data.report.flagsSupplied == 1925)
    #expect(data.report.labelsRead.flags.unknown == 1934)
    let flags = data.report.labelsKept.flags
    #expect(flags.unknown == 0 && flags.bothUnsafe == 0)
    #expect(flags.bothSafe == data.report.labelsKept.sources["helpful"])
    #expect(flags.mixed == data.report.labelsKept.sources["harmless"])
    #expect(try overlap(between: data.part("train"), and: data.part("test")).isEmpty)
  }

  /// File, order, pairs, prompts, and the rows that are dropped.
  @Test(arguments: [
    (
      "hh_helpful_base_test.jsonl", CarriedOrder.helpfulness, 2345,
      [DropReason.promptMismatch: 9, .emptyResponse: 4, .identicalResponses: 2]
    ),
    ("hh_harmless_base_test.jsonl.gz", .safety, 2307, [.promptMismatch: 5, .emptyResponse: 4]),
  ])
  func `the official HH-RLHF files`(name: String, order: CarriedOrder, pairs: Int, dropped: [DropReason: Int]) throws {
    let file = try file(name, order: order)
    #expect(file.format == .hhRLHF)
    #expect(file.rows.count == pairs)
    #expect(DataCheck(file).unusable.mapValues(\.count) == dropped)
  }

  @Test func `the gzip file is what Python decompresses`() throws {
    let bytes = try [UInt8](Data(contentsOf: folder().appending(path: "hh_harmless_base_test.jsonl.gz")))
    #expect(
      SHA256.hex(of: try Gzip.decompress(bytes, limit: 1 << 24))
        == "14d765196c9f18d84f9bb3a78bac608c8f2915110ebcbd74ec95db7b7198b008")
  }

  @Test func `prompts are recognised across formats: the relabelled rows are rows of the official files`() throws {
    let dual = try file("hh_dual_labelled.jsonl").rows.map(\.comparison)
    let helpful = try file("hh_helpful_base_test.jsonl", order: .helpfulness).rows.map(\.comparison)
    let harmless = try file("hh_harmless_base_test.jsonl.gz", order: .safety).rows.map(\.comparison)
    let shared = (overlap(between: harmless, and: dual), overlap(between: helpful, and: dual))
    // All but the seven rows whose official transcripts disagree about the prompt.
    #expect(shared.0.pairs + shared.1.pairs == 1927)
    #expect(excluding(conversationsOf: dual, from: harmless).dropped[.overlap] == 1124)
  }

  @Test func `one seed keeps the test part of one file apart from the train part of another`() throws {
    let split = SplitSpec(seed: 5, fractions: ["train": 0.7, "test": 0.3])
    let dual = try load(DataSpec(files: ["hh_dual_labelled.jsonl"], split: split))
    let harmless = try load(DataSpec(files: ["hh_harmless_base_test.jsonl.gz"], order: .safety, split: split))
    #expect(try overlap(between: dual.part("train"), and: harmless.part("test")).isEmpty)
    #expect(try overlap(between: dual.part("train"), and: harmless.part("train")).prompts > 500)
  }

  @Test func `PKU-SafeRLHF flags: 966 both unsafe, 664 both safe, 370 mixed`() throws {
    let file = try file("pku_safety_flag_pairs.jsonl")
    #expect(file.format == .pkuSafeRLHF)
    let labels = LabelStatistics(file.rows.map(\.comparison))
    #expect(labels.comparisons == 2000 && labels.prompts == 1794)
    #expect((labels.flags.bothUnsafe, labels.flags.bothSafe, labels.flags.mixed) == (966, 664, 370))
    #expect(labels.orders.neither == 2000)
    #expect(DataCheck(file).isClean)
  }

  @Test func `PKU-SafeRLHF with all seven fields, as a list`() throws {
    let file = try file("pku_saferlhf_sample_32.json")
    let labels = LabelStatistics(file.rows.map(\.comparison))
    #expect(labels.comparisons == 32 && labels.prompts == 31)
    #expect((labels.orders.agree, labels.orders.disagree) == (13, 19))
    #expect((labels.flags.bothUnsafe, labels.flags.bothSafe, labels.flags.mixed) == (16, 11, 5))
    // The card promises that a harmless response always ranks above a harmful one.
    #expect(labels.flags.mixedUnsafeIsSafer == 0)
  }

  @Test(arguments: [("train", 889, 111, 1000), ("eval", 175, 25, 200)])
  func `UltraFeedback: ties are dropped by default`(part: String, pairs: Int, ties: Int, all: Int) throws {
    let file = try file("ultrafeedback_binarized_sample_\(part).jsonl", order: .helpfulness)
    #expect(file.format == .ultrafeedback)
    #expect(file.rows.count == pairs)
    #expect(file.unusable.allSatisfy { $0.reason == .tie } && file.unusable.count == ties)
    #expect(pairs + ties == all)
  }

  @Test func `every pair of a helpfulness buffer counts as safe on both sides`() throws {
    let buffer = try load(
      DataSpec(files: ["ultrafeedback_binarized_sample_eval.jsonl"], order: .helpfulness, flags: .bothSafe)
    ).part("all")
    #expect(!buffer.isEmpty)
    #expect(buffer.allSatisfy { $0.firstSafe == true && $0.secondSafe == true && $0.better == .first })
  }

  @Test func `a file that is not preference data is refused with its keys`() throws {
    let error = userError { _ = try file("beavertails_30k_test_qa.json") }
    #expect(error?.what == "the format of the file is not known")
    #expect(error?.why == "the first row has `input`, `instruction`, `output`")
  }
}
