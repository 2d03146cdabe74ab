import Basics
import Laboratory
import Testing

/// The illustrative experiment against values simulated and solved by an independent program (NumPy).
@Suite struct IllustrationTests {
  /// Every design and method with ten seeds.
  static let results = Result { try IllustrativeExperiment().run(workers: processorCount()) }

  private func result(_ design: String) throws -> IllustrationResult {
    try #require(try Self.results.get().first { $0.design.id == design })
  }

  private func outcome(_ design: String, _ method: String) throws -> IllustrativeOutcome {
    try #require(try result(design).outcomes.first { $0.method.id == method })
  }

  // MARK: Training

  /// One row of the table: π of y1 … y4, mean over ten seeds.
  struct Row: Sendable {
    var design: String
    var method: String
    var policy: [Double]
    var tolerance = 0.01
  }

  static let rows: [Row] = [
    Row(design: "safe-14", method: "dpo-helpfulness", policy: [0.9706, 0.0284, 0.0009, 0]),
    Row(design: "safe-14", method: "dpo-safety", policy: [0.503, 0.001, 0.001, 0.495]),
    Row(design: "safe-14", method: "dpo-both", policy: [0.987, 0.007, 0.002, 0.004]),
    Row(design: "safe-14", method: "ipo-safety", policy: [0.3112, 0.1888, 0.1888, 0.3112]),
    Row(design: "safe-14", method: "ipo-both", policy: [0.355, 0.232, 0.198, 0.215]),
    Row(design: "safe-14", method: "safedpo", policy: [0.900, 0, 0, 0.100]),
    Row(design: "safe-24", method: "dpo-helpfulness", policy: [0.9706, 0.0284, 0.0009, 0]),
    Row(design: "safe-24", method: "dpo-safety", policy: [0.001, 0.504, 0.001, 0.493]),
    Row(design: "safe-24", method: "dpo-both", policy: [0.293, 0.554, 0.052, 0.101], tolerance: 0.02),
    Row(design: "safe-24", method: "ipo-safety", policy: [0.1888, 0.3112, 0.1888, 0.3112]),
    Row(design: "safe-24", method: "ipo-both", policy: [0.276, 0.308, 0.196, 0.220]),
    Row(design: "safe-24", method: "safedpo", policy: [0, 0.901, 0, 0.099]),
    Row(design: "safe-34", method: "dpo-helpfulness", policy: [0.9706, 0.0284, 0.0009, 0]),
    Row(design: "safe-34", method: "dpo-safety", policy: [0.001, 0.001, 0.504, 0.493]),
    Row(design: "safe-34", method: "dpo-both", policy: [0.339, 0.167, 0.327, 0.167]),
    Row(design: "safe-34", method: "ipo-safety", policy: [0.1888, 0.1888, 0.3112, 0.3112]),
    Row(design: "safe-34", method: "ipo-both", policy: [0.273, 0.228, 0.270, 0.229]),
    Row(design: "safe-34", method: "safedpo", policy: [0, 0, 0.901, 0.099]),
    // The tie of y1 and y4 is a random walk: standard deviation 0.017 over seeds.
    Row(design: "product", method: "dpo-helpfulness", policy: [0.489, 0.002, 0.002, 0.506], tolerance: 0.02),
    Row(design: "product", method: "dpo-safety", policy: [0.503, 0.495, 0.001, 0.001]),
    Row(design: "product", method: "dpo-both", policy: [0.740, 0.089, 0.018, 0.154], tolerance: 0.02),
    Row(design: "product", method: "ipo-helpfulness", policy: [0.3112, 0.1888, 0.1888, 0.3112]),
    Row(design: "product", method: "ipo-safety", policy: [0.3112, 0.3112, 0.1888, 0.1888]),
    Row(design: "product", method: "ipo-both", policy: [0.327, 0.234, 0.183, 0.255]),
    Row(design: "product", method: "safedpo", policy: [0.901, 0.099, 0, 0]),
  ]

  @Test(arguments: rows) func `trained policies are those of the table`(row: Row) throws {
    let mean = try outcome(row.design, row.method).mean
    #expect(farthest(mean, row.policy) <= row.tolerance, "\(mean)")
  }

  @Test(arguments: IllustrativeDesign.all.map(\.id))
  func `BFPO reaches one optimum, whichever responses are safe, and every seed recovers its ranking`(
    design: String
  ) throws {
    let result = try result(design)
    let bfpo = try outcome(design, "bfpo")
    let expected = [0.4109839537, 0.3200746250, 0.1511925472, 0.1177488742]
    #expect(farthest(result.design.ranking.map { bfpo.mean[$0] }, expected) <= 0.01)
    let exact = try #require(bfpo.exact.policy)
    #expect(farthest(result.design.ranking.map { exact[$0] }, expected) <= 1e-10)
    #expect(abs(result.safety(of: exact) - 0.7310585786) <= 1e-10)
    #expect(bfpo.runs.count == 10 && result.recoveries(of: bfpo) == 10)
  }

  @Test(arguments: IllustrativeDesign.strict.map(\.id))
  func `IPO on helpfulness ignores safety`(design: String) throws {
    let outcome = try outcome(design, "ipo-helpfulness")
    let expected = [0.3499, 0.2725, 0.2122, 0.1653]
    #expect(farthest(outcome.mean, expected) <= 0.01)
    #expect(farthest(try #require(outcome.exact.policy), expected) <= 5e-5)
  }

  @Test(arguments: IllustrativeDesign.all.map(\.id))
  func `only BFPO ranks the unhelpful unsafe response above the helpful one`(design: String) throws {
    let result = try result(design)
    for outcome in result.outcomes where outcome.method.id != "bfpo" {
      #expect(result.recoveries(of: outcome) == 0, "\(outcome.method.id)")
    }
  }

  // MARK: Exact values

  static let exactRows: [Row] = [
    Row(design: "safe-14", method: "morl", policy: [0.5045, 0.1446, 0.1126, 0.2383]),
    Row(design: "safe-24", method: "morl", policy: [0.1997, 0.4228, 0.1211, 0.2564]),
    Row(design: "safe-34", method: "morl", policy: [0.2122, 0.1653, 0.3499, 0.2725]),
    Row(design: "product", method: "morl", policy: [0.4551, 0.2760, 0.1015, 0.1674]),
    Row(design: "safe-14", method: "constrained", policy: [0.6113, 0.0562, 0.0438, 0.2887]),
    Row(design: "safe-24", method: "constrained", policy: [0.0622, 0.5602, 0.0378, 0.3398]),
    Row(design: "safe-34", method: "constrained", policy: [0.0562, 0.0438, 0.5060, 0.3940]),
    Row(design: "product", method: "constrained", policy: [0.5602, 0.3398, 0.0378, 0.0622]),
    Row(design: "safe-14", method: "ipo-safety", policy: [0.3112, 0.1888, 0.1888, 0.3112]),
    Row(design: "product", method: "ipo-helpfulness", policy: [0.3112, 0.1888, 0.1888, 0.3112]),
    Row(design: "safe-24", method: "dpo-both", policy: [0.2865, 0.5601, 0.0519, 0.1015]),
    Row(design: "safe-34", method: "dpo-both", policy: [1.0 / 3, 1.0 / 6, 1.0 / 3, 1.0 / 6]),
    Row(design: "product", method: "dpo-both", policy: [0.7391, 0.0892, 0.0185, 0.1532]),
  ]

  @Test(arguments: exactRows) func `exact optima are those of the table`(row: Row) throws {
    let exact = try #require(try outcome(row.design, row.method).exact.policy)
    #expect(farthest(exact, row.policy) <= 5.001e-5, "\(exact)")
  }

  @Test(arguments: [
    ("safe-14", 2.136293), ("safe-24", 2.447225), ("safe-34", 2.697225), ("product", 2.1972245773362196),
  ])
  func `the constraint's multiplier is exact, and dual ascent finds it`(design: String, expected: Double) throws {
    let outcome = try outcome(design, "constrained")
    guard case .policy(_, let multiplier?) = outcome.exact else {
      Issue.record("no multiplier")
      return
    }
    #expect(abs(multiplier - expected) <= 5e-7)
    #expect(abs(try #require(outcome.runs[0].multiplier) - expected) <= 1e-3)
  }

  @Test(arguments: IllustrativeDesign.all.map(\.id))
  func `exact gradients end at the exact optimum`(design: String) throws {
    for method in ["morl", "constrained"] {
      let outcome = try outcome(design, method)
      #expect(outcome.runs.count == 1)
      #expect(farthest(outcome.mean, try #require(outcome.exact.policy)) <= 1e-4, "\(method)")
    }
  }

  @Test(arguments: IllustrativeDesign.all.map(\.id))
  func `methods without an optimum say why, all others train towards theirs`(design: String) throws {
    for outcome in try result(design).outcomes {
      switch outcome.exact {
      case .policy(let exact, _): #expect(farthest(outcome.mean, exact) <= 0.02, "\(outcome.method.id)")
      case .none(let reason):
        #expect(!reason.isEmpty)
        #expect(outcome.method.id == "safedpo" || outcome.method.id.hasPrefix("dpo-"))
      }
    }
    let hasNone = try ["safedpo", "dpo-helpfulness", "dpo-safety"].map { try outcome(design, $0).exact.policy == nil }
    #expect(hasNone == [true, true, true])
  }

  @Test func `the product form is exact on the product design, and its error known elsewhere`() throws {
    #expect(try result("product").impliedReward.largestPolicyError <= 1e-12)
    #expect(try result("safe-24").impliedReward.largestPolicyError <= 1e-12)
    let reward = try result("safe-14").impliedReward
    #expect(abs(reward.largestPolicyError - (0.4351 - 0.4110)) <= 1e-4)
    #expect(reward.covarianceGap > 0)
  }

  // MARK: Designs

  @Test func `a strict design has its six pairs once, the product design ties both ways`() {
    for design in IllustrativeDesign.strict {
      let rows = design.comparisons()
      #expect(rows.count == 6 && rows.allSatisfy { $0.better == .first })
      #expect(rows.count { $0.safer != nil } == 4)
    }
    let rows = IllustrativeDesign.product.comparisons()
    #expect(rows.count == 12 && rows.count { $0.safer != nil } == 8)
    for (first, second) in [(0, 3), (1, 2)] {
      let tied = rows.filter { $0.first.response == first && $0.second.response == second }
      #expect(tied.map(\.better) == [.first, .second])
    }
  }

  @Test func `roles follow safety first, then helpfulness`() throws {
    #expect(IllustrativeDesign.all.map(\.id).prefix(3) == ["safe-12", "safe-13", "safe-14"])
    #expect(IllustrativeDesign.all[2].ranking == [0, 3, 2, 1])
    #expect(IllustrativeDesign.product.ranking == [0, 1, 2, 3])
  }

  @Test func `the numbers do not depend on the number of workers`() throws {
    func finals(_ workers: Int) throws -> [[[Double]]] {
      let experiment = IllustrativeExperiment(designs: [.product], seeds: 2)
      return try experiment.run(workers: workers)[0].outcomes.map { $0.runs.map(\.final) }
    }
    #expect(try finals(1) == finals(3))
  }

  private func farthest(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }
}
