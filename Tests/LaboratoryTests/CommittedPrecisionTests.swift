import Foundation
import TestSupport
import Testing

/// The committed study in bfloat16 next to the one in float32: what the project promises of its products' precision.
@Suite("Committed studies of two precisions")
struct CommittedPrecisionTests {
  /// Setting and seed → metric → value.
  func metrics(_ study: String) throws -> [String: [String: Double]] {
    let file = packageRoot.appending(path: "Results/\(study)/metrics.csv")
    var result: [String: [String: Double]] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      result[fields[1...6].joined(separator: ","), default: [:]][String(fields[7])] = Double(fields[8])
    }
    return result
  }

  @Test(arguments: ["helpfulness", "safety"])
  func `every accuracy in bfloat16 is within the 95 % interval of its float32 run`(_ metric: String) throws {
    let (single, half) = (try metrics("hh-smollm2"), try metrics("hh-smollm2-bfloat16"))
    #expect(single.count == 28 && single.keys.sorted() == half.keys.sorted())
    for (run, expected) in single {
      let low = try #require(expected["\(metric)_low"])
      let high = try #require(expected["\(metric)_high"])
      let value = try #require(half[run]?[metric])
      #expect((low...high).contains(value), "\(run): \(metric) \(value), in float32 [\(low), \(high)]")
    }
  }
}
