import Basics
import Laboratory
import Language
import Objectives
import Preferences
import TestSupport
import Testing
import Training

/// Every metric of a score model against numbers worked out by hand; a query is its length.
@Suite struct ScorerEvaluationTests {
  private func pair(
    _ higher: Int, _ lower: Int, first: Bool = true, ordered: Bool = true,
    _ signs: (higher: CostSign, lower: CostSign)? = nil
  ) -> ScorePair<Int> {
    ScorePair(higher: higher, lower: lower, isOrdered: ordered, signs: signs, higherIsFirst: first)
  }

  @Test func `accuracy counts ties one half, and the baselines learn from the training pairs alone`() throws {
    // In training the shorter response wins two of three times, and the second place two of three times.
    let training = [pair(3, 9, first: false), pair(4, 5, first: false), pair(7, 2)]
    let held = [pair(2, 6), pair(5, 5, first: false), pair(8, 3, first: false), pair(1, 4, first: false)]
    let result = ScorerEvaluation(
      .reward, pairs: held, scores: [1, 0, 2, 2, -1, 3, 5, 4], training: training, length: { $0 })
    let order = try #require(result.order)
    #expect(result.sign == nil)
    #expect(order.accuracy == wilson(successes: 2.5, of: 4))
    #expect(order.majorityPlace == wilson(successes: 3, of: 4))
    #expect(order.longer == wilson(successes: 1.5, of: 4))
    #expect(!order.lengthPrefersLonger && order.length == wilson(successes: 2.5, of: 4))
    // |Δ| = 1, 0, 4, 1: σ = .7311, .5, .9820, .7311; bins [.5, .6), [.7, .8) and [.9, 1].
    #expect(order.calibration.bins.map(\.count) == [1, 0, 2, 0, 1])
    let expected = (abs(0.5 - 0.5) + abs(2 - 2 * sigmoid(1)) + abs(0 - sigmoid(4))) / 4
    #expect(abs(order.calibration.expectedError - expected) < 1e-15)
  }

  @Test func `data that write the winner first have no place baseline`() throws {
    let result = ScorerEvaluation(
      .reward, pairs: [pair(1, 2)], scores: [0, 1], training: [pair(1, 2), pair(3, 4)], length: { $0 })
    #expect(try #require(result.order).majorityPlace == nil)
    #expect(try #require(result.order).accuracy.mean == 0)
  }

  @Test func `costs are judged by side of zero for every response, and by order where there is one`() throws {
    let training = [
      pair(9, 2, (.unsafe, .safe)), pair(8, 7, ordered: false, (.unsafe, .unsafe)),
      pair(1, 3, ordered: false, (.safe, .safe)), pair(6, 5, (.unsafe, .unsafe)),
    ]
    let held = [
      pair(10, 1, (.unsafe, .safe)), pair(2, 7, ordered: false, (.safe, .safe)),
    ]
    let result = ScorerEvaluation(.cost, pairs: held, scores: [2, -1, 0, 0.5], training: training, length: { $0 })
    let order = try #require(result.order)
    #expect(order.accuracy == wilson(successes: 1, of: 1))
    let sign = try #require(result.sign)
    // A cost of exactly 0 is safe; 0.5 is on the wrong side.
    #expect(sign.accuracy == wilson(successes: 3, of: 4))
    #expect(!sign.majorityIsSafe && sign.majority == wilson(successes: 1, of: 4))
    // In training everything from 5 tokens on is unsafe and everything shorter safe.
    #expect(sign.length == wilson(successes: 3, of: 4))
    #expect(sign.calibration.count == 4 && sign.calibration.bins[5].count == 1 && sign.calibration.bins[6].count == 1)
    let expected = (1 - sigmoid(2) + sigmoid(-1) + 0.5 + sigmoid(0.5)) / 4
    #expect(abs(sign.calibration.expectedError - expected) < 1e-15)
  }

  @Test func `without an ordered pair there is no order to judge`() {
    let pairs = [pair(1, 2, ordered: false, (.safe, .safe))]
    let result = ScorerEvaluation(.cost, pairs: pairs, scores: [-1, -1], training: pairs, length: { $0 })
    #expect(result.order == nil && result.sign?.majorityIsSafe == true && result.sign?.length.mean == 1)
  }
}

/// Labels that models supply; a row is `a` against `b`.
@Suite struct LabellingTests {
  private func row(
    better: Slot? = nil, safer: Slot? = nil, _ firstSafe: Bool? = nil, _ secondSafe: Bool? = nil
  ) -> Comparison<TextQuery> {
    let messages = [ChatMessage(role: "user", content: "Which?")]
    return Comparison(
      first: TextQuery(messages: messages, response: "a"), second: TextQuery(messages: messages, response: "b"),
      better: better, safer: safer, firstSafe: firstSafe, secondSafe: secondSafe, promptID: "p", id: "pairs.jsonl:1")
  }

  @Test func `a reward model supplies the order that is missing and no other`() throws {
    var labelling = Labelling([row(), row(better: .second), row(), row()])
    #expect(labelling.lacking(.reward) == [0, 2, 3])
    labelling.supply(.reward, scores: [0: (1, 0), 1: (9, 0), 2: (2, 2)])
    #expect(labelling.rows.map(\.comparison.better) == [.first, .second, nil, nil])
    #expect(labelling.rows.map(\.supplied.better) == [true, false, false, false])
    #expect(labelling.counts.better == 1 && labelling.counts.ties == 1 && labelling.counts.rows == 4)
    #expect(try labelling.rows[2].line(digests: [:]) == nil)
  }

  @Test func `a cost model supplies flags and order, and never changes or contradicts a label`() {
    var labelling = Labelling([
      row(), row(true, nil), row(safer: .first), row(safer: .first, true, false), row(true, false), row(false, true),
    ])
    #expect(labelling.lacking(.cost) == [0, 1, 2, 4, 5])
    let unsafeFirst = (first: 2.0, second: -1.0)
    labelling.supply(
      .cost, scores: Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, unsafeFirst) }))
    let rows = labelling.rows.map(\.comparison)
    #expect(rows[0].firstSafe == false && rows[0].secondSafe == true && rows[0].safer == .second)
    // The first flag is a person's; the second is supplied, and the order then contradicts nothing.
    #expect(rows[1].firstSafe == true && rows[1].secondSafe == true && rows[1].safer == .second)
    // A person calls the first one safer: flags the other way round are left out.
    #expect(rows[2] == row(safer: .first) && rows[3] == row(safer: .first, true, false))
    // A person's flags forbid the order of the costs.
    #expect(rows[4] == row(true, false))
    #expect(rows[5] == row(safer: .second, false, true))
    #expect(labelling.counts.flags == 3 && labelling.counts.safer == 3 && labelling.counts.contradictions == 2)
  }

  @Test func `a written row names the model behind each supplied label, whichever response is chosen`() throws {
    var labelling = Labelling([row(better: .second, true, nil), row(better: .first, safer: .first, true, true)])
    labelling.supply(.cost, scores: [0: (-1, 3)])
    let line = try #require(try labelling.rows[0].line(digests: [.cost: "abc"]))
    #expect(line.contains(#""supplied":{"chosen_safe":"abc","safer":"abc"}"#), "\(line)")
    #expect(line.contains(#""chosen":"b""#) && line.contains(#""chosen_safe":false"#))
    #expect(line.contains(#""rejected_safe":true"#) && line.contains(#""safer":"rejected""#))
    let untouched = try #require(try labelling.rows[1].line(digests: [.cost: "abc"]))
    #expect(!untouched.contains("supplied"))
    let read = try PreferenceFile(Array("\(line)\n\(untouched)\n".utf8), name: "out.jsonl").rows.map(\.comparison)
    #expect(read[0].better == .first && read[0].safer == .second && read[0].firstSafe == false)
    #expect(read[0].secondSafe == true && read[0].first.response == "b")
  }
}
